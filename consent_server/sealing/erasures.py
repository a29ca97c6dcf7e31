"""Whether what is gone was erased: an entry without its record, and a tombstone that names it."""

from collections.abc import Collection, Iterator

import sqlalchemy as sa

from consent_server.db import db
from consent_server.ledger.entries import EntryInvalid, Event, Tombstone, decode
from consent_server.log.models import Erasure, LogEntry, QueuedEntry
from consent_server.sealing.findings import Finding

#: What an entry is called that has neither record nor tombstone.
LOST = "the entry of no record"
#: How the bytes of a tombstone begin, and those of no other entry.
TOMBSTONE_STARTS = b'{"i":'


class Erasures:
    """Pairs the entries of one log that lost their records with the tombstones that say so.

    Shown the entries in their order; a tombstone comes after what it names.
    """

    def __init__(self, site_id: str):
        self._site_id = site_id
        self._unnamed: set[int] = set()

    def event(self, index: int | None, erased: str | None) -> str | None:
        """Take an event without its record; return what is wrong with it already.

        :param index: None while it waits
        :param erased: of one that waits: why; its tombstone is queued when it has its place
        """
        if index is not None:
            self._unnamed.add(index)
            return None
        return None if erased else LOST

    def tombstone(self, index: int | None, entry: Tombstone) -> str | None:
        """Take a tombstone; return what is wrong with it.

        :param index: None while it waits
        """
        named = set(entry.indexes)
        unseen = named - self._unnamed
        if index is not None:
            self._unnamed -= named
            if max(named) >= index:
                return f"the tombstone names entry {max(named)}, which is not before it"
        return self._problem(unseen)

    def lost(self) -> Iterator[Finding]:
        """Yield the entries without record that no tombstone names, not even one on its way."""
        waiting = db.session.scalars(
            sa.select(QueuedEntry.entry).where(
                QueuedEntry.site_id == self._site_id,
                QueuedEntry.record_id.is_(None),
                sa.func.substr(QueuedEntry.entry, 1, len(TOMBSTONE_STARTS)) == TOMBSTONE_STARTS,
            )
        )
        for data in waiting:
            entry = _tombstone(bytes(data))
            self._unnamed -= set(entry.indexes) if entry is not None else set()
        for index in sorted(self._unnamed):
            yield Finding(index, LOST)
        left = sa.select(Erasure.record_id).where(Erasure.site_id == self._site_id)
        for record_id in db.session.scalars(left.order_by(Erasure.record_id)):
            yield Finding(None, f"record {record_id}: anybody may remove it without a trace")

    def _problem(self, indexes: Collection[int]) -> str | None:
        """Return what is wrong with naming entries that were not seen without their records.

        One may have been erased since it was seen, and may have been named before.
        """
        rows = db.session.execute(
            sa.select(LogEntry.leaf_index, LogEntry.record_id, LogEntry.entry).where(
                LogEntry.site_id == self._site_id, LogEntry.leaf_index.in_(indexes)
            )
        )
        found = {row.leaf_index: row for row in rows}
        for index in sorted(indexes):
            row = found.get(index)
            if row is None or not _is_event(bytes(row.entry)):
                return f"the tombstone names entry {index}, which is no event"
            if row.record_id is not None:
                return f"the tombstone names entry {index}, but record {row.record_id} is there"
        return None


def _is_event(entry: bytes) -> bool:
    try:
        return isinstance(decode(entry), Event)
    except EntryInvalid:
        return False


def _tombstone(entry: bytes) -> Tombstone | None:
    try:
        found = decode(entry)
    except EntryInvalid:
        return None
    return found if isinstance(found, Tombstone) else None
