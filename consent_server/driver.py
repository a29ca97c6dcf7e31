"""The driver's own connection, for the statements that every request of a hot path waits for.

It comes from the engine's pool and goes back there; what falls away is the engine's own connection,
its events and its result, which cost more than the statements.
"""

import select
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, cast

import sqlalchemy as sa
from psycopg import ClientCursor
from sqlalchemy import event
from sqlalchemy.engine import Connection, Dialect, Engine


class Driver:
    """What :mod:`consent_server.statements` run on; each statement is a transaction of its own."""

    __slots__ = ("connection", "dialect", "exec_driver_sql")

    def __init__(self, connection: Any, dialect: Dialect):
        self.connection = connection
        self.dialect = dialect
        self.exec_driver_sql = connection.execute

    def last_row(self, statements: str, values: Mapping[str, Any]) -> Any:
        """Run several statements of PostgreSQL as one transaction; return the last one's row."""
        cursor = ClientCursor(self.connection)  # the server's own binding takes one statement
        cursor.execute(statements, values)
        while cursor.nextset():
            pass
        return cursor.fetchone()


@contextmanager
def borrowed(engine: Engine) -> Iterator[Driver]:
    """Borrow a connection from the pool.

    :raises sqlalchemy.exc.DBAPIError: for what the driver raises, of the kind that an engine raises
    """
    pooled: Any = None
    is_postgresql = engine.dialect.name == "postgresql"
    try:
        pooled = engine.raw_connection()
        connection: Any = pooled.driver_connection
        if is_postgresql and not connection.autocommit:
            connection.autocommit = True
        yield Driver(connection, engine.dialect)
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


def as_of_engine(error: Exception, dialect: Dialect) -> BaseException:
    """Return what an engine raises for an error of its driver; it quotes no statement."""
    return sa.exc.DBAPIError.instance(
        None, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect
    )


def prepare_postgresql(engine: Engine) -> None:
    """Attach the rules by which connections to PostgreSQL are opened, begun and taken."""
    event.listen(engine, "connect", _open)
    event.listen(engine, "begin", _begin)
    event.listen(engine, "checkout", _refuse_a_closed_one)


def _open(connection: Any, record: Any) -> None:
    # As on SQLite (``db``): BEGIN comes from SQLAlchemy, and a lone statement needs none.
    connection.autocommit = True
    record.info["is_new"] = True  # the pool forgets this with the connection


def _begin(connection: Connection) -> None:
    is_lone = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    # After such a use the driver begins again by itself.
    if not is_lone and cast(Any, connection.connection.driver_connection).autocommit:
        connection.exec_driver_sql("BEGIN")


def _refuse_a_closed_one(connection: Any, record: Any, _pooled: Any) -> None:
    """Let the pool open new connections when the server has closed the one that was taken.

    A server that ends says so on each of them, and nothing else is said on an idle one. That is
    seen without asking: a question of the pool's own would cost a round trip a request.

    One that was opened this moment is taken as it is. If the server has closed it too, the first
    statement fails as on any server that is away; the pool would call it a fault of ours.
    """
    if record.info.pop("is_new", False):
        return
    if connection.closed:
        raise sa.exc.InvalidatePoolError
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise sa.exc.InvalidatePoolError
