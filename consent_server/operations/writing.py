"""Whether something could be written now; looked at without leaving anything."""

import errno
from contextlib import suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from consent_server.committing import PATIENCE
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.disk import try_writing
from consent_server.driver import borrowed
from consent_server.settings import Settings
from consent_server.sqlite import sqlite3


def why_not_writable(settings: Settings) -> str | None:
    """Return why the database takes no record now; None when it does.

    Waits for nobody: where another one writes, it can be written.

    :raises sqlalchemy.exc.SQLAlchemyError: it does not answer
    """
    if not settings.is_sqlite:
        return _of_postgresql()
    # A transaction that is rolled back never reaches the disk with a write-ahead log.
    problem = folder_problem(settings.sqlite_path.parent)
    return f"beside the database, {problem}" if problem is not None else _of_sqlite()


def folder_problem(folder: Path) -> str | None:
    """Return why no file can be written in a folder; None when one can."""
    try:
        try_writing(folder)
    except OSError as error:
        return (
            f"no file can be written there ({errno.errorcode.get(error.errno or 0, error.errno)})"
        )
    return None


def _of_sqlite() -> str | None:
    with borrowed(db.engine) as driver:
        connection: Any = driver.connection
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            connection.execute("BEGIN IMMEDIATE")
            (number,) = connection.execute("PRAGMA user_version").fetchone()
            connection.execute(f"PRAGMA user_version = {number + 1}")
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                return None
            return f"SQLite says: {error}"
        finally:
            with suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                connection.execute(f"PRAGMA busy_timeout = {int(PATIENCE * 1000)}")
    return None


def _of_postgresql() -> str | None:
    table = sa.func.to_regclass(ConsentRecord.__tablename__)
    may_insert = sa.func.coalesce(sa.func.has_table_privilege(table, "INSERT"), True)
    row = db.session.execute(
        sa.select(
            sa.func.current_setting("transaction_read_only").label("read_only"),
            may_insert.label("may_insert"),
        )
    ).one()
    db.session.rollback()
    if row.read_only == "on":
        return "the server takes no writing transaction: it is a standby, or set to read-only"
    return None if row.may_insert else "the role may not insert records"
