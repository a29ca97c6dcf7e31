"""The driver's own connection, for the statements that every request of a hot path waits for.

It comes from the engine's pool and goes back there; what falls away is the engine's own connection,
its events and its result, which cost more than the statements.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect, Engine

from consent_server import rowscope
from consent_server.errors import RowUnreadable
from consent_server.sqlite import is_no_text

if TYPE_CHECKING:
    from consent_server.postgresql.pipeline import Prepared, Statement


class Driver:
    """What :mod:`consent_server.statements` run on; each statement is a transaction of its own."""

    __slots__ = ("_prepared", "connection", "dialect", "exec_driver_sql")

    def __init__(self, connection: Any, dialect: Dialect, prepared: "Prepared | None" = None):
        """:param prepared: what is prepared on a connection to PostgreSQL; outlives this"""
        self.connection = connection
        self.dialect = dialect
        self.exec_driver_sql = connection.execute
        self._prepared = {} if prepared is None else prepared

    def rows_after_locking(
        self, locks: Sequence[tuple[str, ...]], statement: "Statement"
    ) -> list[tuple[Any, ...]]:
        """Enter the scope of this thread, take locks, run a statement of PostgreSQL; return rows.

        All in one transaction and one round trip; they are two statements, so that the second one
        sees what those did who had the locks before.
        """
        # Here, since an installation on SQLite never loads the driver of PostgreSQL: 8 MB.
        from consent_server.postgresql.pipeline import run

        return run(self.connection, self._prepared, [_entering(locks), statement])


#: What follows in the transaction is planned without its values. With them, a site that came after
#: the database last counted its rows is taken for empty: any index that begins with a site does,
#: and is read to its end. What is prepared is planned like this anyway, after five uses.
PLANNED_FOR_ANY = "set_config('plan_cache_mode', 'force_generic_plan', true)"


def _entering(locks: Sequence[tuple[str, ...]]) -> "Statement":
    taken = [f"pg_advisory_xact_lock(hashtextextended(${at + 3}, 0))" for at in range(len(locks))]
    text = ", ".join(["SELECT set_config($1, $2, true)", PLANNED_FOR_ANY, *taken])
    return text, [*rowscope.current(), *map("\n".join, locks)]


@contextmanager
def borrowed(engine: Engine) -> Iterator[Driver]:
    """Borrow a connection from the pool.

    :raises sqlalchemy.exc.DBAPIError: for what the driver raises, of the kind that an engine raises
    :raises RowUnreadable: a row has what the driver does not read
    """
    pooled: Any = None
    is_postgresql = engine.dialect.name == "postgresql"
    try:
        pooled = engine.raw_connection()
        connection: Any = pooled.driver_connection
        if is_postgresql and not connection.autocommit:
            connection.autocommit = True
        prepared: Prepared = pooled.info.setdefault("consent_prepared", {})
        yield Driver(connection, engine.dialect, prepared)
    except BaseException as error:
        if pooled is not None:
            with suppress(Exception):  # it may be broken, and is not used again
                pooled.invalidate(error)
        if isinstance(error, engine.dialect.loaded_dbapi.Error):
            raise as_of_engine(error, engine.dialect) from error
        raise
    finally:
        if pooled is not None:
            pooled.close()


@contextmanager
def widened(connection: Connection) -> Iterator[None]:
    """Show the rows of every site within a transaction of one site, until the block ends."""
    is_narrow = rowscope.current() != rowscope.EVERYBODY
    if connection.dialect.name != "postgresql" or not is_narrow:
        yield
        return
    connection.exec_driver_sql(rowscope.entering(rowscope.EVERYBODY))
    yield  # after an error the transaction is over, and its settings with it
    connection.exec_driver_sql(f"SET LOCAL {rowscope.EVERY_SITE} = ''")


def as_of_engine(error: Exception, dialect: Dialect) -> BaseException:
    """Return what an engine raises for an error of its driver; it quotes no statement."""
    if is_no_text(error):
        return RowUnreadable()
    return sa.exc.DBAPIError.instance(
        None, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
    )
