"""What an erasure leaves on the disk, and how it is taken away (docs/retention.md).

SQLite overwrites what is deleted (``secure_delete``), but what is deleted is also in the journal,
and a page whose rows were moved about may hold a copy that nobody deletes. PostgreSQL overwrites
nothing: what is deleted goes when its table is written anew. And of each column it keeps up to a
hundred values for its planner, of deleted rows too, until it looks again.
"""

import re
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
import structlog

from consent_server.committing import turn_to_write
from consent_server.db import db
from consent_server.errors import ConsentError

log = structlog.get_logger(__name__)
#: Bytes of a SQLite database that is written anew after each erasure, within a tenth of a second.
SMALL = 16 * 1024 * 1024
#: The same once a day, within a few seconds in which no decision is recorded.
MEDIUM = 256 * 1024 * 1024
#: Tables of PostgreSQL from which an erasure takes something.
TOUCHED = (
    "consent_records",
    "idempotency_keys",
    "log_opening_keys",
    "log_entries",
    "log_queue",
    "log_erasures",
    "erased_subjects",
    "restricted_proofs",
)
SIZE = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
IS_OWNER = (
    "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = %s::regclass"
)
OWNS_DATABASE = (
    "SELECT pg_has_role(current_user, datdba, 'USAGE') FROM pg_database "
    "WHERE datname = current_database()"
)
#: Columns of which ANALYZE leaves what it knew: of tables that a VACUUM found empty, and those that
#: are not sampled any more. What a policy asks for cannot be altered; it names a site and nobody.
NOT_SAMPLED = (
    "SELECT c.oid::regclass::text, quote_ident(attname), format_type(atttypid, atttypmod) "
    "FROM pg_class c JOIN pg_attribute ON attrelid = c.oid "
    "WHERE c.oid = ANY (%s::regclass[]) AND (reltuples = 0 OR attstattarget = 0) "
    "AND attnum > 0 AND NOT attisdropped "
    "AND attname <> 'site_id'"
)


#: Seconds for which PostgreSQL is asked again, while somebody may still see what was deleted; for
#: each table. It looks at its tables itself now and then, and is done with a small one by then.
PATIENCE = 10.0
#: Where PostgreSQL says what it wrote anew, whatever language it speaks.
REWRITES, FOUND = "copy_table_data", re.compile(r"\d+")


class DatabaseInUse(ConsentError):
    """The database cannot be written anew while others use it."""

    status = 503
    reason = "database_in_use"

    def __init__(self) -> None:
        super().__init__("somebody reads or writes the database; try again, or stop the service")


class DatabaseNotOwned(ConsentError):
    """Only the owner of the tables can change them, or write them anew."""

    status = 409
    reason = "database_not_owned"

    def __init__(self) -> None:
        super().__init__("let DATABASE_URL name the role that owns the tables; others cannot")


def remove_traces(at_most: int = SMALL) -> bool:
    """Take away what deleted rows left in the files of a SQLite database; whether all of it is.

    The write-ahead log is emptied at any size, and the file is written anew up to one.

    :param at_most: bytes of a database that is written anew; beyond it :func:`compact` does it
    """
    if db.engine.dialect.name != "sqlite":
        return False
    db.session.rollback()
    try:
        # Whoever decides would take the file from us again and again, and the WAL would stay.
        with turn_to_write(db.engine):
            return _written_anew(at_most)
    except sa.exc.OperationalError as error:  # somebody writes or reads; the next round is near
        log.warning("traces_left", error=str(error.orig))
        return False


def is_in_reach(at_most: int) -> bool:
    """Whether :func:`remove_traces` takes all of them away, if nobody stands in its way.

    :param at_most: bytes of the largest database that it writes anew
    """
    if db.engine.dialect.name != "sqlite":
        return False
    size = db.session.connection().exec_driver_sql(SIZE).scalar_one()
    db.session.rollback()
    return bool(size <= at_most)


def _written_anew(at_most: int) -> bool:
    connection = db.engine.raw_connection()
    try:
        cursor = connection.cursor()
        size = int(cursor.execute(SIZE).fetchone()[0])
        if size <= at_most:
            cursor.execute("VACUUM")
        is_busy = _pragma(cursor, "wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
    return size <= at_most and not is_busy


def compact() -> None:
    """Write the database anew, so that it holds nothing of deleted rows, whatever its size.

    Nobody can write meanwhile, and on PostgreSQL nobody can read what is being written.

    :raises DatabaseInUse: somebody else reads or writes it
    :raises DatabaseNotOwned: PostgreSQL would pass over the tables, with no more than a warning
    """
    if db.engine.dialect.name == "sqlite":
        if not remove_traces(sys.maxsize):
            raise DatabaseInUse
        return
    db.session.rollback()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting in ("statement_timeout", "lock_timeout"):
            connection.exec_driver_sql(f"SET {setting} = 0")
        try:
            if not connection.exec_driver_sql(IS_OWNER, (TOUCHED[0],)).scalar_one():
                raise DatabaseNotOwned
            for table in TOUCHED:  # one by one: none is written again for another
                _until_gone(partial(_rewrite, connection, [table], "ANALYZE"))
            _until_gone(partial(_forget_samples, connection))
        finally:
            connection.invalidate()  # with its settings


def _until_gone(remove: Callable[[], int]) -> None:
    """Remove until nothing is left, with patience from the first time on, which may take hours.

    :param remove: returns how much is left
    :raises DatabaseInUse: the patience is over
    """
    deadline: float | None = None
    while remove():
        if deadline is None:
            deadline = time.monotonic() + PATIENCE
        elif time.monotonic() > deadline:
            raise DatabaseInUse
        time.sleep(0.2)


def _rewrite(connection: sa.Connection, tables: Sequence[str], *more: str) -> int:
    """Write tables of PostgreSQL anew; return how many deleted rows are in them still.

    Those of which a transaction of somebody else may ask, whatever it has asked for so far.
    """
    left = 0

    def hear(said: Any) -> None:
        nonlocal left
        if said.source_function == REWRITES:
            left += sum(map(int, FOUND.findall(said.message_detail or "")[:1]))

    driver: Any = connection.connection.driver_connection
    driver.add_notice_handler(hear)
    try:
        how = ", ".join(("FULL", "VERBOSE", *more))
        connection.exec_driver_sql(f"VACUUM ({how}) {', '.join(tables)}")
    finally:
        driver.remove_notice_handler(hear)
    return left


def _forget_samples(connection: sa.Connection) -> int:
    """Take the values of deleted rows out of PostgreSQL's statistics; ANALYZE was run before.

    :returns: how many values that nothing is made of any more are there still
    """
    columns = connection.exec_driver_sql(NOT_SAMPLED, (list(TOUCHED),)).all()
    for table, column, kind in columns:
        # To give a column the type that it has makes PostgreSQL forget what it knew of it.
        try:
            connection.exec_driver_sql(f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {kind}")
        except sa.exc.NotSupportedError:
            log.warning("traces_left", error=f"{table}.{column}: a view or a trigger is made of it")
    if connection.exec_driver_sql(OWNS_DATABASE).scalar_one():
        return _rewrite(connection, ["pg_catalog.pg_statistic"])
    # It would be passed over, with no more than a warning.
    log.warning("traces_left", error="pg_statistic: only the database's owner writes it anew")
    return 0


def _pragma(cursor: object, name: str) -> int:
    row = cursor.execute(f"PRAGMA {name}").fetchone()  # type: ignore[attr-defined]
    return int(row[0])
