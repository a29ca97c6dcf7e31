"""The statements of an erasure, inside one transaction; its locks are held."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from consent_server.consents.models import ConsentRecord, IdempotencyKey
from consent_server.db import db, lock_for_writing
from consent_server.ledger.entries import Reason
from consent_server.log.models import Erasure, LogEntry, OpeningKeys, QueuedEntry
from consent_server.log.queue import queue_tombstones

#: Record ids in one statement.
MOST = 500


def lock_subjects(site_id: str, subjects: Collection[str]) -> None:
    """Let no decision of these subjects come in between; in one order, against deadlocks."""
    for subject in sorted(subjects):
        lock_for_writing("subject", site_id, subject)


def with_corrections(site_id: str, record_ids: Collection[str]) -> set[str]:
    """Return records and whatever corrects them: it is about the same visitor."""
    found, new = set(record_ids), set(record_ids)
    while new:
        corrections: set[str] = set()
        for some in _chunks(new):
            query = sa.select(ConsentRecord.record_id).where(
                ConsentRecord.site_id == site_id, ConsentRecord.corrects.in_(some)
            )
            corrections.update(db.session.scalars(query))
        new = corrections - found
        found |= new
    return found


def remove(site_id: str, record_ids: Collection[str], reason: Reason, now: datetime) -> int:
    """Delete records, keys, idempotency keys and links, and queue the tombstones; return how many.

    The caller holds the locks of the subjects and that of the log, so that no entry moves or is
    audited meanwhile, and commits.
    """
    connection = db.session.connection()
    indexes: list[int] = []
    count = 0
    for some in _chunks(record_ids):
        names = [{"site_id": site_id, "record_id": id_, "never_kept": ""} for id_ in some]
        connection.execute(sa.insert(Erasure), names)
        entries = (LogEntry.site_id == site_id) & LogEntry.record_id.in_(some)
        indexes += connection.execute(sa.select(LogEntry.leaf_index).where(entries)).scalars()
        connection.execute(sa.update(LogEntry).where(entries).values(record_id=None))
        connection.execute(
            sa.update(QueuedEntry)
            .where(QueuedEntry.site_id == site_id, QueuedEntry.record_id.in_(some))
            .values(record_id=None, erased=reason)
        )
        for table in (IdempotencyKey, OpeningKeys, ConsentRecord, Erasure):
            done = connection.execute(
                sa.delete(table).where(table.site_id == site_id, table.record_id.in_(some))
            )
            count += done.rowcount if table is ConsentRecord else 0
    queue_tombstones(site_id, indexes, reason, now)
    return count


def _chunks(record_ids: Collection[str]) -> list[Sequence[str]]:
    ordered = sorted(record_ids)
    return [ordered[at : at + MOST] for at in range(0, len(ordered), MOST)]
