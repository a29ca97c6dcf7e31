"""Let a log go on from a database that is older than what was signed, without another history.

A database that was put back from a copy lacks the end of its logs. Entries are kept beside the
promised heads (``sealing.journal``), so the signed tree can be made whole again, to the byte; every
checkpoint that anybody holds stays good. The records of those entries are gone with the database.
A tombstone with the reason ``lost`` names each of them, so that no auditor takes them for erased,
and nobody can lose a record in silence.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from consent_server.backup.errors import NotRecoverable
from consent_server.consents.models import ConsentRecord
from consent_server.db import db, lock_for_writing, writing
from consent_server.erasing.removal import lock_subjects, remove
from consent_server.erasing.replay import erase_again
from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.entries import LOST, REASONS, Artifact, Cause, Tombstone, decode
from consent_server.log.models import LogEntry, QueuedEntry
from consent_server.log.queue import queue_tombstones
from consent_server.log.tree import last_checkpoint
from consent_server.sealing.batch import Placed
from consent_server.sealing.erasures import LINKED, TOMBSTONE_STARTS
from consent_server.sealing.errors import LeaseLost
from consent_server.sealing.growth import Growth, grow, require_continued
from consent_server.sealing.journal import entries_in, orders_of
from consent_server.sealing.lease import give_back_lease, require_lease, take_lease
from consent_server.sealing.notary import Notary
from consent_server.sealing.service import add_to_log, signed_last
from consent_server.sites.bundle import covers_lost
from consent_server.sites.lost import lost_revision
from consent_server.sites.service import (
    bundle_of,
    is_in_force,
    newest_publication,
    require_site,
)

#: Entries looked up in one statement.
MOST = 500
#: How the bytes of an event begin, and those of no other entry.
EVENT_STARTS = b'{"d":'


@dataclass(frozen=True)
class Gap:
    """What a database lacks of a log, and what can be put back."""

    site_id: str
    head: Checkpoint
    #: From the end of that head on, in their order.
    entries: Sequence[bytes]
    growth: Growth

    @property
    def places(self) -> range:
        """Which entries of the log they are."""
        return range(self.head.size, self.growth.head.size)


@dataclass(frozen=True)
class Recovered:
    """What became of the entries that a database lacked."""

    #: The log has so many entries again.
    size: int
    #: Records that waited in the copy, and have their place and their proof.
    kept: int
    #: Records that are gone.
    lost: int
    #: Publications, builds and lines of the trail that are gone.
    lost_in_clear: int
    #: Records that the copy had, and that the log says were erased, or lost, since.
    erased_again: int
    #: A lost revision, consent to which counts until something is published; 0 where none does.
    counting: int = 0


def gap_of(site_id: str, notary: Notary, folders: Collection[Path] = ()) -> Gap:
    """Return what a restored database lacks of a log; nothing is written.

    :param folders: ``log`` of the data directories of other machines
    :raises NotRecoverable: it lacks nothing, or the entries are not all there, or are not those
        that were signed
    :raises SealRefused: what it does have is not what was signed, or two heads that were promised
        contradict each other
    :raises SiteUnknown: there is no such site
    """
    require_site(site_id, archived=True)
    head = signed_last(site_id, notary)
    places = [notary, *(notary.elsewhere(folder) for folder in folders)]
    promises = [told for place in places if (told := place.promised(site_id)) is not None]
    signed = max(promises, key=lambda promise: promise.size, default=head)
    if signed.size <= head.size:
        raise NotRecoverable(f"the log of {site_id} lacks nothing of what was signed")
    told_of = [place for place in places if place.promised(site_id) is not None]
    if not all(place.is_promised_by_us(site_id) for place in told_of):
        raise NotRecoverable(
            "no key of this data directory signed what was promised: put the newest keys/ back"
        )
    entries, growth = _grown(site_id, head, signed, [place.journal(site_id) for place in places])
    for promise in promises:
        require_continued(site_id, promise, growth)
    db.session.rollback()
    return Gap(site_id, head, entries, growth)


def _grown(
    site_id: str, head: Checkpoint, signed: Checkpoint, journals: Sequence[Path]
) -> tuple[list[bytes], Growth]:
    """Return the entries that make a signed head of the one in the database, and what they make."""
    found = entries_in(journals, head.size, signed.size)
    missing = next((at for at in range(head.size, signed.size) if at not in found), None)
    if missing is not None:
        lacked = signed.size - head.size
        raise NotRecoverable(
            f"{lacked - len(found)} of the {lacked} entries that the database lacks are "
            f"in no journal, the first is entry {missing}; name the folders of other machines, "
            "or put back a newer copy of log/ or of the database (docs/log.md)"
        )
    for entries in orders_of(found):
        growth = grow(site_id, head, entries)
        if growth.head == signed:
            return entries, growth
    raise NotRecoverable("the entries in the journal are not those that were signed")


def recover(gap: Gap, notary: Notary, now: datetime) -> Recovered:
    """Put the entries back, and queue the tombstones of what is gone; one transaction.

    What the copy has of them keeps its place: a record that waited there is linked to its entry. A
    record that the log says was erased since is erased.

    :param now: aware, UTC
    :raises LeaseLost: the log changed meanwhile, or another process is at work on it
    :raises NotRecoverable: a publication waits that would count consent to a lost one; what was
        signed binds here from then on, so the next publication is another
    """
    site_id = gap.site_id
    gone = gone_since(gap)
    lost_again = gone.pop(LOST, {})
    erased = sum(erase_again(site_id, gone[why], why, now) for why in REASONS if why in gone)
    holder = secrets.token_urlsafe(16)
    if not take_lease(site_id, holder, now):
        raise LeaseLost
    try:
        note = notary.promise(site_id, gap.growth.head, gap.entries)
        with writing():
            lock_subjects(site_id, set(filter(None, lost_again.values())))
            require_lease(site_id, holder)
            lock_for_writing("publish", site_id)
            last = last_checkpoint(site_id)
            if (last.size if last is not None else 0) != gap.head.size:
                raise LeaseLost
            batch, unknown = _with_links(gap)
            add_to_log(site_id, batch, gap.growth, gap.head.size, note, now)
            counting = _counting(site_id)
            events, in_clear = _lost(gap, unknown)
            queue_tombstones(site_id, [*events, *in_clear], LOST, now)
            erased += remove(site_id, lost_again, LOST, now)
            db.session.commit()
    finally:
        give_back_lease(site_id, holder, now)
    kept = sum(placed.record_id not in {None, *lost_again} for placed in batch)
    return Recovered(gap.growth.head.size, kept, len(events), len(in_clear), erased, counting)


def _counting(site_id: str) -> int:
    """Return the highest revision that is lost, if consent to it counts for what is in force.

    :raises NotRecoverable: for what waits, which would come into force now
    """
    newest, lost = newest_publication(site_id, archived=True), lost_revision(site_id)
    if not covers_lost(bundle_of(newest), lost):
        return 0
    if not is_in_force(newest):
        raise NotRecoverable(
            f"revision {newest.revision} waits, and was made without knowing of revision {lost}, "
            "which is lost: run site publish once more, then this"
        )
    return lost


def gone_since(gap: Gap) -> dict[Cause, dict[str, str | None]]:
    """Return the records of the copy that the gap says are gone, by reason, with their subjects.

    They were erased since; or lost, where the log went on before from an older copy than this one.
    """
    found: dict[Cause, dict[str, str | None]] = defaultdict(dict)
    places = dict(zip(gap.entries, gap.places, strict=True))
    waiting = {
        places[entry]: record_id
        for entry, record_id in _queue(gap.site_id)
        if record_id is not None and entry in places
    }
    for tombstone in _tombstones(gap):
        named = set(tombstone.indexes)
        record_ids = [waiting[at] for at in named & waiting.keys()]
        record_ids += _linked(gap.site_id, sorted(named))
        found[tombstone.reason].update(_with_subjects(gap.site_id, record_ids))
    db.session.rollback()
    return found


def _linked(site_id: str, indexes: Sequence[int]) -> Iterator[str]:
    """Yield the records that are still linked to entries."""
    for at in range(0, len(indexes), MOST):
        query = sa.select(LogEntry.record_id).where(
            LogEntry.site_id == site_id,
            LogEntry.leaf_index.in_(indexes[at : at + MOST]),
            LogEntry.record_id.is_not(None),
        )
        yield from filter(None, db.session.scalars(query))


def _with_subjects(site_id: str, record_ids: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    for at in range(0, len(record_ids), MOST):
        query = sa.select(ConsentRecord.record_id, ConsentRecord.subject).where(
            ConsentRecord.site_id == site_id,
            ConsentRecord.record_id.in_(record_ids[at : at + MOST]),
        )
        yield from ((record_id, subject) for record_id, subject in db.session.execute(query))


def _with_links(gap: Gap) -> tuple[list[Placed], set[int]]:
    """Take what is in the gap out of the queue; return the gap with what the queue knew of it.

    And the places of which it knew nothing. An order that was settled in the copy and is not that
    of the gap was never signed.

    :raises NotRecoverable: one is marked as erased, and still linked to its record
    """
    queue = sa.select(
        QueuedEntry.entry, QueuedEntry.queue_id, QueuedEntry.record_id, QueuedEntry.erased
    ).where(QueuedEntry.site_id == gap.site_id)
    connection = db.session.connection()
    known = defaultdict(list)
    for entry, *link in connection.execute(queue):
        known[bytes(entry)].append(link)
    batch, taken, unknown = [], [], set()
    for place, entry in zip(gap.places, gap.entries, strict=True):
        if known[entry]:
            queue_id, record_id, erased = known[entry].pop()
            if erased and record_id is not None:
                raise NotRecoverable(f"what waits for place {place}: record {record_id}: {LINKED}")
            taken.append(queue_id)
            batch.append(Placed(place, entry, record_id, erased))
        else:
            unknown.add(place)
            batch.append(Placed(place, entry, None))
    here = QueuedEntry.site_id == gap.site_id
    for at in range(0, len(taken), MOST):
        some = QueuedEntry.queue_id.in_(taken[at : at + MOST])
        connection.execute(sa.delete(QueuedEntry).where(here, some))
    connection.execute(sa.update(QueuedEntry).where(here).values(leaf_index=None))
    return batch, unknown


def _lost(gap: Gap, unknown: Collection[int]) -> tuple[list[int], list[int]]:
    """Return the places of the events, and of the artifacts, that are gone and were not erased."""
    named = {at for tombstone in _tombstones(gap) for at in tombstone.indexes}
    events, in_clear = [], []
    for at, data in zip(gap.places, gap.entries, strict=True):
        if at not in unknown or at in named:
            continue
        if data.startswith(EVENT_STARTS):
            events.append(at)
        # A key lies in the data directory, not in the database.
        elif isinstance(entry := decode(data), Artifact) and entry.kind != "key":
            in_clear.append(at)
    return events, in_clear


def _queue(site_id: str) -> Iterator[tuple[bytes, str | None]]:
    """Yield the entries that wait in the copy, and their records."""
    query = sa.select(QueuedEntry.entry, QueuedEntry.record_id)
    for entry, record_id in db.session.execute(query.where(QueuedEntry.site_id == site_id)):
        yield bytes(entry), record_id


def _tombstones(gap: Gap) -> Iterator[Tombstone]:
    """Yield those of the gap."""
    for data in gap.entries:
        entry = decode(data) if data.startswith(TOMBSTONE_STARTS) else None
        if isinstance(entry, Tombstone):
            yield entry
