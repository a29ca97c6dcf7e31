"""The database handle, and how each engine is opened so that nothing is lost."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import orjson
import sqlalchemy as sa
from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, ExceptionContext
from sqlalchemy.orm import DeclarativeBase, Session, registry

from consent_server.committing import shared_commits, turn_to_write
from consent_server.driver import as_of_engine
from consent_server.errors import RowUnreadable
from consent_server.settings import OPERATORS_THREADS, SPARE_THREADS, Settings
from consent_server.sqlite import (
    MANY,
    is_no_text,
    let_go,
    pages_of,
    sqlite3,
    tell_taken,
    text_of,
)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every table; constraint names are fixed so that migrations can name them."""

    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMES), type_annotation_map={str: sa.Text}
    )


class Database(SQLAlchemy):
    """Flask-SQLAlchemy, which looks for its engine in two registries at each use."""

    @property
    def engine(self) -> Engine:
        """The application's engine; there is one, from its first use on."""
        extensions = current_app.extensions
        found: Engine | None = extensions.get("consent_engine")
        if found is None:
            found = extensions["consent_engine"] = super().engine
        return found


db = Database(model_class=Base, disable_autonaming=True)

if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model


#: Statements that a connection to SQLite keeps prepared, more than there are. Of its driver's
#: hundred, those that come last push each other out, and each request prepares them anew.
PREPARED = 1000


@contextmanager
def writing() -> Iterator[Connection]:
    """Open the session's transaction for writing; commit stays with the use case.

    SQLite takes its write lock here, at once: a transaction that reads first and asks for the lock
    later fails under concurrency instead of waiting. On any error the transaction is rolled back.
    """
    db.session.rollback()
    with turn_to_write(db.engine):
        try:
            yield db.session.connection(execution_options={"consent_write": True})
        except BaseException:
            db.session.rollback()
            raise


@contextmanager
def many_pages() -> Iterator[None]:
    """Let SQLite keep in memory what transactions change, until the end of this context."""
    token = pages_of.set(MANY)
    try:
        yield
    finally:
        pages_of.reset(token)
        with suppress(sa.exc.SQLAlchemyError, sqlite3.Error):  # what came before is told
            db.session.rollback()
            if db.engine.dialect.name == "sqlite":
                let_go(db.engine.pool)


def prepare_sessions(app: Flask) -> None:
    """Give each request a session; its end leaves nothing open, and does not fail.

    The answer is made by then. A session that cannot be closed would stay, for ever.
    """
    db.init_app(app)
    app.teardown_request(_roll_back)
    app.teardown_appcontext(_roll_back)  # of what is no request


def _roll_back(_error: BaseException | None) -> None:
    if db.session.registry.has():
        with suppress(sa.exc.SQLAlchemyError):  # the connection is not used again, then
            db.session.rollback()


@contextmanager
def fresh_session() -> Iterator[Session]:
    """Open a session on a new connection: what it reads comes from the database, from no cache.

    The caller has no transaction open: with SQLite's rollback journal, whoever reads on two
    connections can keep a writer waiting on the one while the writer keeps the other waiting.
    """
    engine = db.engine
    pool = engine.pool.recreate()  # opens as the engine's does, and has nothing that was in use
    try:
        with _connected(engine, pool) as connection, Session(connection) as session:
            yield session
    finally:
        pool.dispose()


def _connected(engine: Engine, pool: sa.Pool) -> Connection:
    try:
        return Connection(engine, pool.connect())
    except engine.dialect.loaded_dbapi.Error as error:
        raise as_of_engine(error, engine.dialect) from error


def lock_for_writing(*key: str) -> None:
    """Serialise writers of one key until the transaction ends; SQLite has one writer anyway."""
    lock_all_for_writing(db.session.connection(), key)


def lock_all_for_writing(connection: Connection, *keys: tuple[str, ...]) -> None:
    """Take the locks of several keys in their order, in one round trip."""
    if connection.dialect.name == "postgresql":
        locks = ", ".join(["pg_advisory_xact_lock(hashtextextended(%s, 0))"] * len(keys))
        connection.exec_driver_sql(f"SELECT {locks}", tuple(map("\n".join, keys)))


def lock_each_for_writing(keys: Sequence[tuple[str, ...]]) -> None:
    """Take the locks of many keys in their order: one statement, however many there are."""
    connection = db.session.connection()
    if keys and connection.dialect.name == "postgresql":
        # The rows of an array come in its order, and each is locked as it comes.
        locks = "SELECT pg_advisory_xact_lock(hashtextextended(key, 0)) FROM unnest(%s::text[]) key"
        connection.exec_driver_sql(locks, (list(map("\n".join, keys)),))


def engine_options(settings: Settings) -> dict[str, Any]:
    """Return the engine's options: a connection for each thread, and for work beside them.

    For time, logs, witnesses, and two looks at what sites have in force.
    """
    if settings.is_sqlite:
        connect: dict[str, Any] = {"timeout": 5, "cached_statements": PREPARED}
        return {
            **_pool(settings),
            "module": sqlite3,
            "poolclass": sa.pool.QueuePool,
            "pool_use_lifo": True,  # the one that was used last has the most in memory
            "connect_args": connect,
        }
    return postgresql_options(settings, settings.database_url, sessions="read-write")


def postgresql_options(settings: Settings, address: str, *, sessions: str) -> dict[str, Any]:
    """Return the options of an engine for one address of PostgreSQL.

    :param sessions: which of several hosts to take, ``read-write`` or ``standby``
    """
    from consent_server.postgresql.sessions import connect_arguments

    connect = connect_arguments(address, is_pooled=settings.is_pooled, sessions=sessions)
    json = {"json_serializer": orjson.dumps, "json_deserializer": orjson.loads}
    return {**_pool(settings), **json, "pool_recycle": 1800, "connect_args": connect}


def _pool(settings: Settings) -> dict[str, Any]:
    size = settings.threads + SPARE_THREADS + OPERATORS_THREADS + 5
    pool: dict[str, Any] = {"pool_size": size, "max_overflow": 0, "pool_timeout": 2}
    pool["hide_parameters"] = True  # an error that is logged quotes no values
    pool["pool_reset_on_return"] = None  # ``prepare_engine`` does it
    return pool


def is_wal_safe(version: tuple[int, ...]) -> bool:
    """Whether this SQLite carries the fix of the WAL-reset bug (3.51.3 and its back-ports)."""
    return version >= (3, 51, 3) or any(
        low <= version < high for low, high in [((3, 50, 7), (3, 51)), ((3, 44, 6), (3, 45))]
    )


def sqlite_pragmas(version: tuple[int, ...]) -> dict[str, str]:
    """Return the pragmas of every SQLite connection and the value each must read back.

    Never ``synchronous=NORMAL``: a power cut would lose every acknowledged row since the last
    checkpoint. Where the library has the WAL-reset bug, the rollback journal is used instead.
    """
    wal = is_wal_safe(version)
    return {
        "journal_mode": "wal" if wal else "truncate",
        "synchronous": "2" if wal else "3",
        "foreign_keys": "1",
        "trusted_schema": "0",
        "cell_size_check": "1",
        "mmap_size": "0",
        "secure_delete": "1",
        "temp_store": "2",
        "recursive_triggers": "1",
        "journal_size_limit": "67108864",
    }


def is_out_of_room(error: sa.exc.OperationalError) -> bool:
    """Whether SQLite could not write because the disk, or this user's share of it, is full."""
    return str(error.orig) in ("database or disk is full", "disk I/O error")


def answers_still() -> bool:
    """Whether the database answers after an error, which then was of what it was asked."""
    try:
        db.session.rollback()
        db.session.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return False
    finally:
        db.session.rollback()
    return True


class PragmaRefused(RuntimeError):
    """SQLite did not take a setting that durability rests on; the service does not start."""


def _open_sqlite(connection: Any, _record: Any) -> None:
    # SQLAlchemy issues BEGIN itself (below), so the driver must not.
    connection.isolation_level = None
    for name, expected in sqlite_pragmas(sqlite3.sqlite_version_info).items():
        connection.execute(f"PRAGMA {name}={expected}").fetchall()
        answer = connection.execute(f"PRAGMA {name}").fetchone()
        if name == "mmap_size" and answer is None:
            continue  # compiled without memory mapping
        if str(answer[0]) != expected:
            raise PragmaRefused(f"SQLite answered {name}={answer[0]}, {expected} was asked for")


def _begin_sqlite(connection: Connection) -> None:
    is_write = connection.get_execution_options().get("consent_write", False)
    driver: Any = connection.connection.driver_connection
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")
    driver.text_factory = text_of.get()


def _roll_back_sqlite(connection: Any, _record: Any, _state: Any) -> None:
    # The pool's own way asks the driver to roll back whatever there is, and is off: each statement
    # of a hot path is a transaction of its own.
    if connection.in_transaction:
        connection.rollback()


def _tell_unreadable(context: ExceptionContext) -> BaseException | None:
    """Tell a row that the driver cannot read from a statement that failed.

    SQLite's driver says so of text that is not UTF-8, PostgreSQL's of instants that Python does not
    have; that one has run the statement by then, and takes rows from its result.
    """
    error, of_driver = context.original_exception, context.dialect.loaded_dbapi
    is_taking = context.statement is None and isinstance(error, of_driver.DataError)
    return RowUnreadable() if is_no_text(error) or is_taking else None


def prepare_engine(engine: Engine) -> None:
    """Attach the rules by which the engine's connections are opened, begun and given back."""
    event.listen(engine, "handle_error", _tell_unreadable, retval=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "checkout", tell_taken)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "reset", _roll_back_sqlite)
        shared_commits(engine)  # knows from the first connection on which file they are on
    else:
        from consent_server.postgresql.sessions import prepare_postgresql

        prepare_postgresql(engine)
