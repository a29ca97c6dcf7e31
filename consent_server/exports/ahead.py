"""PostgreSQL reads the next page while this process writes the one before: two cores, one thread.

What is asked is sent before the work, and fetched after it. No transaction is open when a page is
handed on, however slow whoever reads the export may be. SQLite reads in this process, and so it
reads and writes in turn.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from consent_server.db import db
from consent_server.driver import as_of_engine
from consent_server.exports.source import Source
from consent_server.statements import Query

Row = Sequence[Any]
Page = list[Row]
Made = TypeVar("Made")


def pages_and_work(
    source: Source,
    query: sa.Select[Any],
    asked: Iterable[Mapping[str, Any]],
    work: Callable[[Page], Made],
) -> Iterator[tuple[Page, Made]]:
    """Yield pages with what a function makes of each.

    :param query: of columns whose values are wanted as the driver has them
    :param asked: the parameters of each page
    :param work: reads and writes nothing in the database while the next page is read
    """
    if db.engine.dialect.name != "postgresql":
        for values in asked:
            page = read(source, query, values)
            yield page, work(page)
        return
    statement, waiting = Query(query), None
    for values in asked:
        if waiting is None:
            waiting = read(source, query, values)
            continue
        made, following = _while_reading(source, statement, values, work, waiting)
        yield waiting, made
        waiting = following
    if waiting is not None:
        yield waiting, work(waiting)


def read(source: Source, query: sa.Select[Any], values: Mapping[str, Any]) -> Page:
    """Return one page; the transaction is over on return."""
    rows: Page = source.read(lambda asked: list(asked.execute(query, dict(values)).all()))
    source.rest()
    return rows


def _while_reading(
    source: Source,
    statement: Query,
    values: Mapping[str, Any],
    work: Callable[[Page], Made],
    page: Page,
) -> tuple[Made, Page]:
    """Return what a function makes of a page, and the next page."""
    made: list[Made] = []

    def ask(connection: Connection) -> Page:
        driver: Any = connection.connection.driver_connection
        try:
            with driver.pipeline(), driver.cursor() as cursor:
                cursor.execute(*statement.as_sent(connection.dialect, values))
                if not made:  # else the page is asked for again, elsewhere
                    made.append(work(page))
                rows: Page = cursor.fetchall()
                return rows
        except connection.dialect.loaded_dbapi.Error as error:
            # It may be gone before even the driver knows: to roll back would be another error.
            connection.invalidate(error)
            raise as_of_engine(error, connection.dialect) from error

    following = source.read(ask)
    source.rest()
    return made[0], following
