"""A PostgreSQL database: every table as one snapshot shows it, and put back in one transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql

from consent_server import rowscope
from consent_server.backup.container import Reader, Writer
from consent_server.backup.errors import BackupUnreadable, DatabaseNotEmpty
from consent_server.backup.members import read_members, write_member
from consent_server.db import db

BESIDE = "CREATE TEMP TABLE beside AS SELECT {columns} FROM {table} WITH NO DATA"
TAKEN_OVER = "INSERT INTO {table} ({columns}) SELECT {columns} FROM pg_temp.beside"
LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


def dump(writer: Writer, tell: Callable[[int], object]) -> None:
    """Write every table into a backup, as they are at one instant; nobody waits.

    :param tell: told how many bytes went into the backup
    """
    with _connection() as connection, connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        for table in db.metadata.sorted_tables:
            columns = [column.name for column in table.columns]
            about = {"table": table.name, "columns": columns}
            write_member(writer, about, _rows(cursor, about, tell))


def load(reader: Reader, tell: Callable[[int], object]) -> None:
    """Put every table of a backup into an empty database of the same schema: all of it, or nothing.

    :raises BackupUnreadable: changed, cut off, or of another form
    :raises DatabaseNotEmpty: there are rows already
    """
    with _connection() as connection, connection.cursor() as cursor:
        known = {table.name for table in db.metadata.sorted_tables}
        for about, blocks in read_members(reader):
            if about.get("table") not in known:
                raise BackupUnreadable("it holds a table that this version does not know")
            _require_empty(cursor, about["table"])
            # COPY knows no row security and refuses where there is any; INSERT asks its policies.
            cursor.execute(_statement(BESIDE, about))
            with cursor.copy(
                _statement("COPY pg_temp.beside ({columns}) FROM STDIN", about)
            ) as copy:
                for block in blocks:
                    copy.write(block)
                    tell(len(block))
            cursor.execute(_statement(TAKEN_OVER, about))
            cursor.execute("DROP TABLE pg_temp.beside")


def _require_empty(cursor: psycopg.Cursor[Any], table: str) -> None:
    cursor.execute(sql.SQL("SELECT EXISTS (SELECT 1 FROM {})").format(sql.Identifier(table)))
    row = cursor.fetchone()
    if row is None or row[0]:
        raise DatabaseNotEmpty(f"the table {table} has rows; restore into an empty database")


def _rows(
    cursor: psycopg.Cursor[Any], about: dict[str, Any], tell: Callable[[int], object]
) -> Iterator[bytes]:
    with cursor.copy(_statement("COPY {table} ({columns}) TO STDOUT", about)) as copy:
        for block in copy:
            yield bytes(block)
            tell(len(block))


def _statement(form: Any, about: dict[str, Any]) -> sql.Composed:
    columns = sql.SQL(", ").join(map(sql.Identifier, about["columns"]))
    return sql.SQL(form).format(table=sql.Identifier(about["table"]), columns=columns)


@contextmanager
def _connection() -> Iterator[psycopg.Connection[Any]]:
    """Give a connection without time limits, whose transaction ends with the block."""
    db.session.rollback()
    pooled = db.engine.raw_connection()
    driver: Any = pooled.driver_connection
    try:
        with driver.transaction():
            for setting in LIMITS:
                driver.execute(sql.SQL("SET LOCAL {} = 0").format(sql.Identifier(setting)))
            driver.execute(rowscope.entering(rowscope.EVERYBODY))
            yield driver
    finally:
        pooled.close()
