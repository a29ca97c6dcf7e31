"""The next entries of a log, in an order that is settled once and survives a crash."""

import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from consent_server.columns import is_instant
from consent_server.db import db, writing
from consent_server.log.batches import give_places
from consent_server.log.models import QueuedEntry
from consent_server.log.tree import last_checkpoint
from consent_server.sealing.erasures import LINKED
from consent_server.sealing.errors import LogInconsistent
from consent_server.sealing.lease import require_lease

#: When it was queued as the driver has it, its id in the queue, its record, why that was erased.
Waiting = sa.Row[Any, str, str | None, str | None]
#: Entries of one batch: so many are put in a random order, and so many one transaction writes.
MOST = 2_000


class Placed(NamedTuple):
    """An entry that has its place."""

    leaf_index: int
    entry: bytes
    record_id: str | None
    #: Why its record was erased while it waited.
    erased: str | None = None


def settled_batch(site_id: str, holder: str) -> list[Placed]:
    """Return the next entries in their order; what a crash left in its order comes first.

    What is in clear stands before the events of its batch, which may name it. Events are shuffled,
    so that the order of the log does not tell in which order people decided.

    :raises LeaseLost: another process took over
    :raises LogInconsistent: places in the queue do not continue the log, or all is in it but what
        it cannot be read of when it was queued
    """
    with writing():
        require_lease(site_id, holder)
        last = last_checkpoint(site_id)
        size = last.size if last is not None else 0
        batch = placed_entries(site_id)
        if not batch:
            _give_places(site_id, size)
            batch = placed_entries(site_id)
        if not batch:
            _require_readable(site_id)
        db.session.commit()
    require_following(batch, size)
    return batch


def require_following(batch: Sequence[Placed], size: int) -> None:
    """Check that a batch has the places after the entries that there are.

    :raises LogInconsistent: it does not
    """
    if [placed.leaf_index for placed in batch] != list(range(size, size + len(batch))):
        raise LogInconsistent(f"places in the queue do not follow the {size} entries of the log")


def forget_batch(site_id: str) -> int:
    """Delete the entries from the queue that had their places; return how many."""
    done = db.session.connection().execute(
        sa.delete(QueuedEntry).where(
            QueuedEntry.site_id == site_id, QueuedEntry.leaf_index.is_not(None)
        )
    )
    return int(done.rowcount)


def placed_entries(site_id: str) -> list[Placed]:
    """Return the entries of the queue that have their places, in their order."""
    query = (
        sa.select(
            QueuedEntry.leaf_index, QueuedEntry.entry, QueuedEntry.record_id, QueuedEntry.erased
        )
        .where(QueuedEntry.site_id == site_id, QueuedEntry.leaf_index.is_not(None))
        .order_by(QueuedEntry.leaf_index)
    )
    rows = db.session.connection().execute(query).all()
    return [Placed(place or 0, bytes(entry), *link) for place, entry, *link in rows]


def erased_among(site_id: str, batch: Sequence[Placed]) -> dict[int, str]:
    """Return why records of a batch were erased by now, by their places; the caller has the lock.

    :raises LogInconsistent: the queue has other places than the batch, or one is marked as erased
        and still linked to its record: an erasure does both in one statement
    """
    first, last = batch[0].leaf_index, batch[-1].leaf_index
    placed = QueuedEntry.site_id == site_id, QueuedEntry.leaf_index.is_not(None)
    bounds = sa.func.min(QueuedEntry.leaf_index), sa.func.max(QueuedEntry.leaf_index)
    found = db.session.execute(sa.select(sa.func.count(), *bounds).where(*placed)).one()
    if tuple(found) != (len(batch), first, last):  # a place is there once: an index sees to it
        raise LogInconsistent("the queue changed while its entries were signed")
    erased = sa.select(QueuedEntry.leaf_index, QueuedEntry.erased, QueuedEntry.record_id).where(
        *placed, QueuedEntry.erased.is_not(None)
    )
    reasons: dict[int, str] = {}
    for place, why, record_id in db.session.execute(erased):
        if record_id is not None:
            raise LogInconsistent(f"what waits for place {place}: record {record_id}: {LINKED}")
        reasons[place or 0] = why or ""
    return reasons


def _give_places(site_id: str, begin: int) -> None:
    since = sa.type_coerce(QueuedEntry.queued_at, sa.types.NullType())
    waiting = (
        db.session.connection()
        .execute(
            sa.select(since, QueuedEntry.queue_id, QueuedEntry.record_id, QueuedEntry.erased)
            .where(QueuedEntry.site_id == site_id, is_readable())
            .order_by(QueuedEntry.queued_at, QueuedEntry.queue_id)
            .limit(MOST)
        )
        .all()
    )
    if waiting:
        places = [(begin + at, row[0], row[1]) for at, row in enumerate(_in_order(waiting))]
        give_places(site_id, places)


def is_readable() -> sa.ColumnElement[bool]:
    """Return the condition that it can be read of an entry since when it waits."""
    return is_instant(QueuedEntry.queued_at, db.engine.dialect.name)


def told_unreadable(record_id: str | None) -> str:
    """Return what is said of an entry of which it cannot."""
    what = f"record {record_id}" if record_id is not None else "what stands for no record"
    return f"{what}: cannot be read of when it was queued, and waits until it can"


def _require_readable(site_id: str) -> None:
    """Check that nothing is left of which it cannot be read since when it waits.

    The others do not wait for it: they are in the log by now.

    :raises LogInconsistent: something is
    """
    query = sa.select(QueuedEntry.record_id).where(
        QueuedEntry.site_id == site_id, sa.not_(is_readable())
    )
    left = db.session.execute(query.order_by(QueuedEntry.record_id).limit(1)).first()
    if left is not None:
        raise LogInconsistent(told_unreadable(left.record_id))


def _in_order(waiting: Sequence[Waiting]) -> list[Waiting]:
    in_clear = [row for row in waiting if row.record_id is None and row.erased is None]
    events = [row for row in waiting if row.record_id is not None or row.erased is not None]
    # By 128 random bits each: any order is as likely as any other, and one call draws them all.
    drawn = secrets.token_bytes(16 * len(events))
    shuffled = sorted((drawn[at * 16 : at * 16 + 16], at) for at in range(len(events)))
    return in_clear + [events[at] for _, at in shuffled]
