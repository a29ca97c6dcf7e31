"""The statements of an erasure, inside one transaction; its locks are held.

On PostgreSQL a list of ids is one parameter, so that a statement is prepared once, whatever its
length: a purge removes a million records by them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from consent_server.consents.models import ConsentRecord, IdempotencyKey
from consent_server.db import db, lock_each_for_writing
from consent_server.ledger.entries import Cause
from consent_server.log.models import Erasure, LogEntry, OpeningKeys, QueuedEntry
from consent_server.log.queue import queue_tombstones

#: Record ids in one statement.
MOST = 500


def among(column: Any, texts: Collection[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a column holds one of some texts."""
    if db.engine.dialect.name != "postgresql":
        return column.in_(texts)
    return column == sa.any_(_array(texts))


def _array(texts: Collection[str]) -> sa.ColumnElement[Any]:
    # One text costs the driver less than a list of them; a comma is in none of them (base64url).
    return sa.func.string_to_array(",".join(texts), ",", type_=sa.ARRAY(sa.Text))


def take_turn(site_id: str, *, waits: bool) -> bool:
    """Let no other purge of a site begin until the transaction ends; whether it is this one's turn.

    :param waits: for another one, as long as a lock may take; SQLite has one writer anyway
    """
    connection = db.session.connection()
    if connection.dialect.name != "postgresql":
        return True
    if waits:
        lock_each_for_writing([("purge", site_id)])
        return True
    taken = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
    return bool(connection.exec_driver_sql(taken, (f"purge\n{site_id}",)).scalar_one())


def lock_subjects(site_id: str, subjects: Collection[str]) -> None:
    """Let no decision of these subjects come in between; in one order, against deadlocks."""
    lock_each_for_writing([("subject", site_id, subject) for subject in sorted(subjects)])


def with_corrections(site_id: str, record_ids: Collection[str]) -> set[str]:
    """Return records and whatever corrects them: it is about the same visitor."""
    found, new = set(record_ids), set(record_ids)
    while new:
        corrections: set[str] = set()
        for some in _chunks(new):
            query = sa.select(ConsentRecord.record_id).where(
                ConsentRecord.site_id == site_id, among(ConsentRecord.corrects, some)
            )
            corrections.update(db.session.scalars(query))
        new = corrections - found
        found |= new
    return found


def remove(site_id: str, record_ids: Collection[str], reason: Cause, now: datetime) -> int:
    """Delete records, keys, idempotency keys and links, and queue the tombstones; return how many.

    The caller holds the locks of the subjects and that of the log, so that no entry moves or is
    audited meanwhile, and commits.

    :param reason: of records that wait for their place, not that they were lost
    """
    connection = db.session.connection()
    indexes: list[int] = []
    count = 0
    for some in _chunks(record_ids):
        _say_that_they_go(site_id, some)
        entries = (LogEntry.site_id == site_id) & among(LogEntry.record_id, some)
        forget = sa.update(LogEntry).where(entries).values(record_id=None)
        indexes += connection.execute(forget.returning(LogEntry.leaf_index)).scalars()
        connection.execute(
            sa.update(QueuedEntry)
            .where(QueuedEntry.site_id == site_id, among(QueuedEntry.record_id, some))
            .values(record_id=None, erased=reason)
        )
        for table in (IdempotencyKey, OpeningKeys, ConsentRecord, Erasure):
            done = connection.execute(
                sa.delete(table).where(table.site_id == site_id, among(table.record_id, some))
            )
            count += done.rowcount if table is ConsentRecord else 0
    queue_tombstones(site_id, indexes, reason, now)
    return count


def _say_that_they_go(site_id: str, record_ids: Sequence[str]) -> None:
    connection = db.session.connection()
    if connection.dialect.name != "postgresql":
        names = [{"site_id": site_id, "record_id": id_, "never_kept": ""} for id_ in record_ids]
        connection.execute(sa.insert(Erasure), names)
        return
    rows = sa.select(sa.literal(site_id), sa.func.unnest(_array(record_ids)), sa.literal(""))
    columns = ["site_id", "record_id", "never_kept"]
    connection.execute(sa.insert(Erasure).from_select(columns, rows))


def _chunks(record_ids: Collection[str]) -> list[Sequence[str]]:
    ordered = sorted(record_ids)
    return [ordered[at : at + MOST] for at in range(0, len(ordered), MOST)]
