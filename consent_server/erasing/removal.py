"""The statements of an erasure, inside one transaction; its locks are held.

A list of ids is one parameter, so that a statement is made and prepared once, whatever its length:
a purge removes a million records by them.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from consent_server.columns import is_spelled_as_id
from consent_server.consents.models import ConsentRecord, IdempotencyKey
from consent_server.db import db, lock_each_for_writing
from consent_server.ledger.canonical import LARGEST_INTEGER
from consent_server.ledger.entries import Cause
from consent_server.lists import among, each_of
from consent_server.log.models import Erasure, LogEntry, OpeningKeys, QueuedEntry
from consent_server.log.queue import queue_tombstones

log = structlog.get_logger(__name__)
#: Record ids in one statement.
MOST = 500


def _of(model: Any, column: str = "record_id") -> sa.ColumnElement[bool]:
    """Return the condition that a row is of one of the records that a statement is about."""
    columns = model.__table__.c
    return (columns.site_id == sa.bindparam("of_site")) & among(columns[column], "ids")


_RECORDS = ConsentRecord.__table__
CORRECTIONS = sa.select(_RECORDS.c.record_id).where(_of(ConsentRecord, "corrects"))
_SITE = sa.bindparam("of_site", type_=sa.Text)


def _word(names: Any) -> sa.Select[tuple[str]]:
    return sa.select(sa.func.set_config("consent.erased", names, True))


#: What says that records go, which the triggers ask, and what takes that back: a word of the
#: transaction, on PostgreSQL (migration 0016), where every name is an id; rows that cannot be
#: committed else.
NAMING: dict[str, tuple[sa.Executable, sa.Executable]] = {
    "word": (_word(_SITE + "," + sa.bindparam("names", type_=sa.Text)), _word("")),
    "rows": (
        sa.insert(Erasure).from_select(
            ["site_id", "record_id", "never_kept"],
            sa.select(_SITE, each_of("ids"), sa.literal("")),
        ),
        sa.delete(Erasure).where(_of(Erasure)),
    ),
}
FORGET = (
    sa.update(LogEntry).where(_of(LogEntry)).values(record_id=None).returning(LogEntry.leaf_index)
)
_ANYWHERE = (
    sa.update(QueuedEntry)
    .where(_of(QueuedEntry))
    .values(record_id=None, erased=sa.bindparam("reason"))
)
_INSTANTS = sa.select(_RECORDS.c.recorded_at).where(_of(ConsentRecord))
#: Of what has no entry in the log yet. It waits where the instant of its record says, and all that
#: waits, which is much while a log has an alarm, is looked through for what is not there alone.
FORGET_WAITING = (_ANYWHERE.where(QueuedEntry.queued_at.in_(_INSTANTS)), _ANYWHERE)
DELETE_RECORDS = sa.delete(ConsentRecord).where(_of(ConsentRecord))
#: What refers to records goes first.
DELETE_REFERRING = [sa.delete(model).where(_of(model)) for model in (IdempotencyKey, OpeningKeys)]


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
    connection = db.session.connection()
    found, new = set(record_ids), set(record_ids)
    while new:
        corrections: set[str] = set()
        for some in _chunks(new):
            chosen = {"of_site": site_id, "ids": some}
            corrections.update(connection.execute(CORRECTIONS, chosen).scalars())
        new = corrections - found
        found |= new
    return found


def remove(site_id: str, record_ids: Collection[str], reason: Cause, now: datetime) -> int:
    """Delete records, keys, idempotency keys and links, and queue the tombstones; return how many.

    The caller holds the locks of the subjects and that of the log, so that no entry moves or is
    audited meanwhile, and commits. An entry that somebody moved to where none can be has no
    tombstone, and keeps no erasure waiting: an audit says that it is missing where it was.

    :param reason: of records that wait for their place, not that they were lost
    """
    connection = db.session.connection()
    indexes: list[int] = []
    count = 0
    for some in _chunks(record_ids):
        gone = {"of_site": site_id, "ids": some}
        say, take_back = _naming(connection.dialect.name, some)
        connection.execute(say, {**gone, "names": ",".join(some)})
        forgotten = connection.execute(FORGET, gone).scalars().all()
        indexes += forgotten
        left = len(some) - len(forgotten)
        for forget in FORGET_WAITING:
            if left > 0:
                left -= connection.execute(forget, {**gone, "reason": reason}).rowcount
        for delete in DELETE_REFERRING:
            connection.execute(delete, gone)
        count += connection.execute(DELETE_RECORDS, gone).rowcount
        connection.execute(take_back, gone)
    placed = [at for at in indexes if 0 <= at <= LARGEST_INTEGER]
    if len(placed) < len(indexes):
        log.error("entries_not_named", site=site_id, count=len(indexes) - len(placed))
    queue_tombstones(site_id, placed, reason, now)
    return count


def _naming(engine: str, record_ids: Sequence[str]) -> tuple[sa.Executable, sa.Executable]:
    """Return how records are named to the triggers: a name that somebody changed may be two."""
    is_word = engine == "postgresql" and all(map(is_spelled_as_id, record_ids))
    return NAMING["word" if is_word else "rows"]


def _chunks(record_ids: Collection[str]) -> list[Sequence[str]]:
    ordered = sorted(record_ids)
    return [ordered[at : at + MOST] for at in range(0, len(ordered), MOST)]
