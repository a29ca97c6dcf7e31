"""PostgreSQL reads the next page while this process writes the one before: two cores, one thread.

What is asked is sent before the work, and fetched after it. No transaction is open when a page is
handed on, however slow whoever reads the export may be. SQLite reads in this process, and so it
reads and writes in turn.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa

from consent_server.db import db
from consent_server.driver import as_of_engine
from consent_server.statements import Query

Row = Sequence[Any]
Page = list[Row]
Made = TypeVar("Made")


def pages_and_work(
    query: sa.Select[Any], asked: Iterable[Mapping[str, Any]], work: Callable[[Page], Made]
) -> Iterator[tuple[Page, Made]]:
    """Yield pages with what a function makes of each.

    :param query: of columns whose values are wanted as the driver has them
    :param asked: the parameters of each page
    :param work: reads and writes nothing in the database while the next page is read
    """
    if db.engine.dialect.name != "postgresql":
        for values in asked:
            page = _read(query, values)
            yield page, work(page)
        return
    statement, waiting = Query(query), None
    for values in asked:
        if waiting is None:
            waiting = _read(query, values)
            continue
        made, following = _while_reading(statement, values, work, waiting)
        yield waiting, made
        waiting = following
    if waiting is not None:
        yield waiting, work(waiting)


def _read(query: sa.Select[Any], values: Mapping[str, Any]) -> Page:
    rows: Page = list(db.session.connection().execute(query, dict(values)).all())
    db.session.rollback()
    return rows


def _while_reading(
    statement: Query, values: Mapping[str, Any], work: Callable[[Page], Made], page: Page
) -> tuple[Made, Page]:
    """Return what a function makes of a page, and the next page."""
    with db.engine.connect() as connection, connection.begin():
        driver: Any = connection.connection.driver_connection
        try:
            with driver.pipeline(), driver.cursor() as cursor:
                cursor.execute(*statement.as_sent(connection.dialect, values))
                made = work(page)
                return made, cursor.fetchall()
        except psycopg.Error as error:
            raise as_of_engine(error, connection.dialect) from error
