"""The use case of whoever doubts: verify a site's log, whole, from what the database holds now."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import sqlalchemy as sa

from consent_server.columns import NOT_AS_WRITTEN
from consent_server.db import db, lock_for_writing
from consent_server.ledger.checkpoint import Checkpoint
from consent_server.log.models import LogEntry, QueuedEntry
from consent_server.log.tree import entries_between, last_checkpoint
from consent_server.sealing.artifacts import unreadable_publication
from consent_server.sealing.batch import (
    is_readable,
    placed_entries,
    require_following,
    told_unreadable,
)
from consent_server.sealing.clear import Clear
from consent_server.sealing.erasures import LINKED, UNNAMED
from consent_server.sealing.errors import LogInconsistent, SealRefused
from consent_server.sealing.findings import Finding
from consent_server.sealing.growth import require_promise_kept
from consent_server.sealing.leftout import records_left_out
from consent_server.sealing.notary import Notary
from consent_server.sealing.openings import Openings
from consent_server.sealing.replay import Replay
from consent_server.sealing.rotation import is_key_declared
from consent_server.sealing.service import signed_last
from consent_server.sites.service import require_site

#: Entries looked at in one transaction; between two of them the database is free for writers.
PAGE = 1_000


@dataclass(frozen=True)
class Row:
    """An entry, and the record that it stands for."""

    #: None in the queue.
    index: int | None
    entry: bytes
    record_id: str | None
    #: Why its record was erased while it waits.
    erased: str | None = None


class Audit:
    """Verifies one log, and tells how far it is."""

    def __init__(
        self, site_id: str, notary: Notary, told: Callable[[int], object] = lambda count: None
    ):
        """
        :param told: how many entries each page had that was verified
        :raises SiteUnknown: there is no such site (an archived one has its log)
        """
        require_site(site_id, archived=True)
        self._site_id = site_id
        self._notary = notary
        self._told = told
        self._clear = Clear(site_id, notary)
        #: Entries that were verified so far.
        self.done = 0

    def findings(self) -> Iterator[Finding]:
        """Yield what is not as it was signed, the entries first, in their order.

        Nothing is yielded exactly if every entry opens to its record or artifact, or was erased as
        a tombstone says, every tile and checkpoint follows from the entries, nothing is missing,
        and the log continues what the data directory says was promised. An entry that lacks both
        record and tombstone shows when all have been read, after what may have been its tombstone.
        """
        # First: from here it goes to the log, and nowhere else.
        waiting = list(_readable(self._queue(), "what waits for the log"))
        waiting += _readable(self._unreadable(), "what waits for the log")
        yield from _readable(self._log(), "the log")
        yield from waiting
        yield from _readable(self._left_out(), "what should be in the log")
        db.session.rollback()

    def _log(self) -> Iterator[Finding]:
        try:
            head = signed_last(self._site_id, self._notary)
        except SealRefused as refusal:
            yield Finding(None, str(refusal))
            return
        db.session.rollback()
        replay = Replay(
            self._site_id, lambda size: self._notary.keys_of(head.origin, self._site_id, size)
        )
        while True:
            # Before the page: a promise comes before its commit, and with SQLite's WAL the page
            # shows the database as it was when it was begun.
            promised = self._promised()
            # The sequencer waits for the end of this page, so that the last one is whole.
            lock_for_writing("log", self._site_id)
            rows = [
                Row(row.leaf_index, bytes(row.entry), row.record_id)
                for row in entries_between(self._site_id, self.done, self.done + PAGE)
            ]
            found = [*self._gaps(rows), *self._opened(rows)]
            found += replay.append([row.entry for row in rows])
            is_last = len(rows) < PAGE
            if is_last:
                found += [*replay.finish(), *self._ends(replay, promised)]
                found += self._clear.erasures.unnamed()
            yield from sorted(found, key=_place)
            self.done += len(rows)
            self._told(len(rows))
            db.session.rollback()
            if is_last:
                return

    def _gaps(self, rows: Sequence[Row]) -> Iterator[Finding]:
        expected = range(self.done, self.done + len(rows))
        gap = next((at for at, row in zip(expected, rows, strict=True) if row.index != at), None)
        if gap is not None:
            yield Finding(gap, "the entry is missing")

    def _promised(self) -> Checkpoint | SealRefused | None:
        try:
            return self._notary.promised(self._site_id)
        except SealRefused as refusal:
            return refusal

    def _ends(self, replay: Replay, promised: Checkpoint | SealRefused | None) -> Iterator[Finding]:
        """Yield what is wrong with where the log ends."""
        last = last_checkpoint(self._site_id)
        size = last.size if last is not None else 0
        if replay.size > size:
            yield Finding(size, "the entry is covered by no checkpoint")
        if replay.size < size:
            yield Finding(replay.size, f"the entry is missing; {size} were signed")
        before = db.session.scalar(
            sa.select(sa.func.min(LogEntry.leaf_index)).where(
                LogEntry.site_id == self._site_id, LogEntry.leaf_index < 0
            )
        )
        if before is not None:
            yield Finding(before, "the entry stands before the beginning")
        try:
            if isinstance(promised, SealRefused):
                raise promised
            head = signed_last(self._site_id, self._notary)
            waiting = placed_entries(self._site_id)
            require_following(waiting, head.size)
            entries = [placed.entry for placed in waiting]
            require_promise_kept(self._site_id, promised, head, entries)
        except SealRefused as refusal:
            yield Finding(None, str(refusal))

    def _queue(self) -> Iterator[Finding]:
        """Yield what is wrong with what waits."""
        place = sa.tuple_(QueuedEntry.queued_at, QueuedEntry.queue_id)
        query = (
            sa.select(
                *(QueuedEntry.queued_at, QueuedEntry.queue_id),
                *(QueuedEntry.entry, QueuedEntry.record_id, QueuedEntry.erased),
            )
            .where(QueuedEntry.site_id == self._site_id, is_readable())
            .order_by(QueuedEntry.queued_at, QueuedEntry.queue_id)
            .limit(PAGE)
        )
        page = query
        while True:
            # An erasure in the middle would look like a loss.
            lock_for_writing("log", self._site_id)
            waiting = db.session.execute(page).all()
            rows = [Row(None, bytes(row.entry), row.record_id, row.erased) for row in waiting]
            found = list(self._opened(rows))
            db.session.rollback()
            yield from found
            if len(waiting) < PAGE:
                return
            bounds = (
                sa.literal(waiting[-1].queued_at, QueuedEntry.queued_at.type),
                sa.literal(waiting[-1].queue_id, QueuedEntry.queue_id.type),
            )
            page = query.where(place > sa.tuple_(*bounds))

    def _unreadable(self) -> Iterator[Finding]:
        """Yield what waits, and it cannot be read since when."""
        query = sa.select(QueuedEntry.entry, QueuedEntry.record_id, QueuedEntry.erased).where(
            QueuedEntry.site_id == self._site_id, sa.not_(is_readable())
        )
        lock_for_writing("log", self._site_id)
        found = db.session.execute(query.order_by(QueuedEntry.record_id)).all()
        rows = [Row(None, bytes(row.entry), row.record_id, row.erased) for row in found]
        opened = list(self._opened(rows))
        db.session.rollback()
        yield from [Finding(None, told_unreadable(row.record_id)) for row in rows]
        yield from opened

    def _left_out(self) -> Iterator[Finding]:
        """Yield what is neither in the log nor in the queue, or there twice."""
        for record_id, problem in records_left_out(self._site_id):
            yield Finding(None, f"record {record_id}: {problem}")
        yield from self._clear.trails.left_out()
        with suppress(LogInconsistent):  # of the name in the first checkpoint: that was said
            if not is_key_declared(self._site_id, self._notary):
                yield Finding(None, "a key signs that took over, and no entry of the log says so")
        for entry in self._clear.left_out():
            yield Finding(None, f"is neither in the log nor in its queue: {entry.decode()}")
        if (unreadable := unreadable_publication(self._site_id)) is not None:
            yield Finding(None, unreadable)

    def _opened(self, rows: Sequence[Row]) -> Iterator[Finding]:
        """Yield which entries do not open to what they stand for."""
        events = {row.record_id: row.entry for row in rows if row.record_id is not None}
        problems = Openings(db.session(), self._site_id).problems(events)
        for row in rows:
            if row.record_id is None:
                problem = self._clear.problem(row.index, row.entry, row.erased)
            elif row.record_id in problems:
                problem = f"record {row.record_id}: {problems[row.record_id]}"
            elif row.erased is not None:
                problem = f"record {row.record_id}: {LINKED}"
            else:
                problem = None
            if problem is not None:
                yield Finding(row.index, problem)


def _readable(found: Iterator[Finding], what: str) -> Iterator[Finding]:
    """Yield what is found, and that a row cannot be read where one ends the look at the others.

    Such as an instant that is none; what it stands for is not known.
    """
    try:
        yield from found
    except NOT_AS_WRITTEN:
        db.session.rollback()
        yield Finding(None, f"a row of {what} cannot be read; those after it were not looked at")


def _place(finding: Finding) -> tuple[bool, bool, int | None]:
    return finding.index is None, finding.problem == UNNAMED, finding.index
