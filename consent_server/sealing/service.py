"""Use cases of sealing: put what waits into the log, and sign the new head."""

import secrets
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from consent_server.columns import is_id
from consent_server.db import db, fresh_session, many_pages, writing
from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.entries import REASONS
from consent_server.log.batches import append_entries
from consent_server.log.models import LogTile, QueuedEntry, SignedCheckpoint
from consent_server.log.queue import queue_tombstones
from consent_server.log.tree import is_anything_signed, last_checkpoint
from consent_server.sealing.alarms import clear_alarm, raise_alarm
from consent_server.sealing.batch import (
    MOST,
    Placed,
    erased_among,
    forget_batch,
    settled_batch,
)
from consent_server.sealing.clear import Clear
from consent_server.sealing.enrolment import enrol
from consent_server.sealing.erasures import LINKED
from consent_server.sealing.errors import (
    LeaseLost,
    LogInconsistent,
    RecordDiffers,
    SealRefused,
)
from consent_server.sealing.findings import rows_readable
from consent_server.sealing.growth import (
    Growth,
    empty_head,
    grow,
    require_promise_kept,
    signed_head,
)
from consent_server.sealing.lease import (
    give_back_lease,
    has_lease,
    leave_lease,
    require_lease,
    take_lease,
)
from consent_server.sealing.notary import Notary
from consent_server.sealing.openings import Openings
from consent_server.sealing.rotation import declare_key
from consent_server.sites.models import Site
from consent_server.sites.remembered import memory
from consent_server.sites.service import require_site


@dataclass(frozen=True)
class Sealed:
    """What a run did to one log."""

    site_id: str
    #: Entries that were added.
    count: int
    #: Whether another process was at work on this log, so that this one did nothing more.
    is_busy: bool = False


def waiting_sites() -> list[str]:
    """Return the sites that have something for their logs, or no log yet."""
    has_log = sa.exists().where(SignedCheckpoint.site_id == Site.id)
    ids = QueuedEntry.site_id, Site.id
    queued, known = (is_id(name, db.engine.dialect.name) for name in ids)
    found = sa.union(sa.select(ids[0]).where(queued), sa.select(Site.id).where(~has_log, known))
    return sorted(db.session.scalars(found))


def seal(site_id: str, notary: Notary, now: datetime) -> Sealed:
    """Put everything that waits into a site's log, batch by batch, and sign each new head.

    Repeatable, and safe when several processes try at once or one of them dies at any point
    (``sealing.notary`` says why).

    :param now: aware, UTC; becomes ``signed_at``
    :raises SiteUnknown: there is no such site (an archived one is sealed)
    :raises SealRefused: what is there is not what was; nothing was signed, and an alarm is raised
    :source: C2SP tlog-checkpoint, "MUST NOT sign" what is inconsistent with a signed checkpoint
    """
    require_site(site_id, archived=True)
    holder = secrets.token_urlsafe(16)
    try:
        return _seal(site_id, notary, holder, now)
    except BaseException:
        leave_lease(site_id, holder)
        raise


def _seal(site_id: str, notary: Notary, holder: str, now: datetime) -> Sealed:
    if not take_lease(site_id, holder, now):
        return Sealed(site_id, 0, is_busy=True)
    count = 0
    try:
        with rows_readable():
            enrol(site_id, holder)
            declare_key(site_id, notary, holder, now)
            for added in _batches(site_id, notary, holder, now):
                count += added
                memory().sites.forget(site_id)  # what waited for the log may be in force now
    except LeaseLost:
        return Sealed(site_id, count, is_busy=True)
    except SealRefused as refusal:
        db.session.rollback()
        if not has_lease(site_id, holder):
            return Sealed(site_id, count, is_busy=True)  # it saw the work of two half done
        raise_alarm(site_id, refusal, now)
        give_back_lease(site_id, holder, now)
        raise
    clear_alarm(site_id)
    give_back_lease(site_id, holder, now)
    return Sealed(site_id, count)


def _batches(site_id: str, notary: Notary, holder: str, now: datetime) -> Iterator[int]:
    """Seal batch by batch until nothing waits; yield the number of entries of each."""
    added = _seal_batch(site_id, notary, holder, now)
    with many_pages() if added == MOST else nullcontext():  # there is more than a batch
        while added:
            yield added
            added = _seal_batch(site_id, notary, holder, now)


def _seal_batch(site_id: str, notary: Notary, holder: str, now: datetime) -> int:
    """Add one batch; return its number of entries."""
    batch = settled_batch(site_id, holder)
    promised = notary.promised(site_id)  # before the head: a promise comes before its commit
    head = signed_last(site_id, notary)
    if batch and batch[0].leaf_index != head.size:
        raise LeaseLost
    entries = [placed.entry for placed in batch]
    require_promise_kept(site_id, promised, head, entries)
    db.session.rollback()
    if head.size and (promised is None or promised.size < head.size):
        notary.promise(site_id, head)  # another machine signed it: from now on it binds here too
    if not batch:
        return 0
    _require_unchanged(site_id, batch)
    _require_true(site_id, batch)
    growth = grow(site_id, head, entries)
    db.session.rollback()
    note = notary.promise(site_id, growth.head, entries)
    with writing():
        require_lease(site_id, holder)
        last = last_checkpoint(site_id)
        if (last.size if last is not None else 0) != head.size:
            raise LeaseLost
        batch = _as_erased_since(site_id, batch)
        add_to_log(site_id, batch, growth, head.size, note, now)
        if forget_batch(site_id) != len(batch):
            raise LogInconsistent("the queue changed while its entries were signed")
        db.session.commit()
    return len(batch)


def signed_last(site_id: str, notary: Notary) -> Checkpoint:
    """Return the head that was signed last, checked; the empty one before anything was signed.

    :raises LogInconsistent: what is stored is not what was signed
    :raises LogKeyUnusable: the key is missing though it was used, or damaged
    """
    last = last_checkpoint(site_id)
    if last is None:
        origin = notary.origin(site_id)
        notary.key(origin, may_create=not is_anything_signed())
        return empty_head(origin)
    origin = last.note.partition("\n")[0]
    return signed_head(last, notary.keys_of(origin, site_id, last.size))


def _require_unchanged(site_id: str, batch: list[Placed]) -> None:
    """Check on a new connection that the records are what was committed to.

    What one process wrote and what the database will say from now on are two things (a log of
    Certificate Transparency had to end in 2022 because a bit flipped between them).

    :raises RecordDiffers: one is not
    """
    entries = {placed.record_id: placed.entry for placed in batch if placed.record_id is not None}
    with fresh_session() as session:
        problems = Openings(session, site_id).problems(entries)
        if not problems:
            return
        linked = sa.select(QueuedEntry.record_id).where(QueuedEntry.site_id == site_id)
        left = set(session.scalars(linked.where(QueuedEntry.record_id.in_(problems))))
    for record_id, problem in problems.items():
        if record_id in left:  # the others were erased since, and are sealed without a record
            raise RecordDiffers(record_id, problem)


def _require_true(site_id: str, batch: list[Placed]) -> None:
    """Check that what stands for no record is what it says: once signed, it is there for ever.

    And that what is marked as erased stands for none: its record would lose its place in the log.
    The key that another machine put to work may not have come here yet, so keys are believed.

    :raises LogInconsistent: one is no entry, or says what is not so
    """
    clear = Clear(site_id, notary=None)
    for placed in batch:
        if placed.record_id is None:
            problem = clear.problem(None, placed.entry, placed.erased)
        else:
            problem = f"record {placed.record_id}: {LINKED}" if placed.erased else None
        if problem is not None:
            raise LogInconsistent(f"what waits for place {placed.leaf_index}: {problem}")


def _as_erased_since(site_id: str, batch: list[Placed]) -> list[Placed]:
    """Return the batch without the links that erasures took away; the log's lock is held.

    :raises LogInconsistent: its places are not those that were signed
    """
    erased = erased_among(site_id, batch)
    return [
        placed._replace(record_id=None, erased=erased[placed.leaf_index])
        if placed.leaf_index in erased
        else placed
        for placed in batch
    ]


def add_to_log(
    site_id: str, batch: list[Placed], growth: Growth, previous: int, note: str, now: datetime
) -> None:
    """Write entries, tiles and checkpoint; queue the tombstones of what was erased as it waited.

    The caller holds the log's lock, and commits.

    :param growth: what the batch makes of the tree of ``previous`` entries
    :param note: its head, signed
    :raises LogInconsistent: entries are there already that no head covers, or that have its
        records; or tiles have more hashes than the tree had
    """
    _write(site_id, batch, growth)
    db.session.add(_signed(site_id, growth.head, previous, note, now))
    for reason in REASONS:
        erased = [placed.leaf_index for placed in batch if placed.erased == reason]
        queue_tombstones(site_id, erased, reason, now)


def _write(site_id: str, batch: list[Placed], growth: Growth) -> None:
    rows = [(placed.leaf_index, placed.entry, placed.record_id) for placed in batch]
    try:
        append_entries(site_id, rows)
    except IntegrityError:  # its words may quote the row
        first, last = batch[0].leaf_index, batch[-1].leaf_index
        problem = f"entries {first} to {last}, or entries of their records, are stored already"
        raise LogInconsistent(f"{problem}, and no checkpoint covers them") from None
    for tile, hashes in growth.tiles:
        row = LogTile(site_id=site_id, level=tile.level, tile_index=tile.index, hashes=hashes)
        db.session.merge(row)  # a partial tile is there already, and grows
    try:
        db.session.flush()
    except (IntegrityError, StaleDataError):  # a trigger's, or the doing of one
        raise LogInconsistent("stored tiles go on in another way than the log does") from None


def _signed(
    site_id: str, head: Checkpoint, previous: int, note: str, now: datetime
) -> SignedCheckpoint:
    return SignedCheckpoint(
        site_id=site_id,
        size=head.size,
        previous_size=previous,
        root=head.root,
        note=note,
        signed_at=now,
    )
