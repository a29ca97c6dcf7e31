"""Whether what is gone was erased: an entry without its record, and a tombstone that names it."""

from collections.abc import Collection, Iterator

import sqlalchemy as sa

from consent_server.db import db
from consent_server.ledger.entries import (
    LOST,
    Artifact,
    Entry,
    EntryInvalid,
    Event,
    Tombstone,
    decode,
)
from consent_server.ledger.leaves import Leaves
from consent_server.log.models import Erasure, LogEntry, QueuedEntry
from consent_server.sealing.findings import Finding

#: What an entry is called that has neither record nor tombstone.
UNNAMED = "the entry of no record"
#: What one is called that waits and is marked as erased, though an erasure takes its link as well.
LINKED = "its entry is marked as erased, and it was not"
#: How the bytes of a tombstone begin, and those of no other entry.
TOMBSTONE_STARTS = b'{"i":'


class Erasures:
    """Pairs the entries of one log that lost their records with the tombstones that say so.

    Shown the entries in their order; a tombstone comes after what it names.
    """

    def __init__(self, site_id: str):
        self._site_id = site_id
        self._unnamed = Leaves()
        #: Artifacts among what tombstones say was lost with a database; read when one is missed.
        self._lost: set[int] | None = None

    def event(self, index: int | None, erased: str | None) -> str | None:
        """Take an event without its record; return what is wrong with it already.

        :param index: None while it waits
        :param erased: of one that waits: why; its tombstone is queued when it has its place
        """
        if index is not None:
            self._unnamed.add(index)
            return None
        return None if erased else UNNAMED

    def tombstone(self, index: int | None, entry: Tombstone) -> str | None:
        """Take a tombstone; return what is wrong with it.

        :param index: None while it waits
        """
        named = set(entry.indexes)
        unseen = {place for place in named if place not in self._unnamed}
        if index is not None:
            self._unnamed.discard_all(named)
            if max(named) >= index:
                return f"the tombstone names entry {max(named)}, which is not before it"
        return self._problem(unseen, (Event, Artifact) if entry.reason == LOST else (Event,))

    def is_lost(self, index: int | None) -> bool:
        """Whether a tombstone says that what an entry stands for was lost with a database."""
        if self._lost is None:
            self._lost = {
                at
                for data in self._tombstones()
                if isinstance(entry := _decoded(data), Tombstone) and entry.reason == LOST
                for at in entry.indexes
            }
        return index in self._lost

    def unnamed(self) -> Iterator[Finding]:
        """Yield the entries without record that no tombstone names, not even one on its way."""
        for data in self._tombstones(QueuedEntry):
            entry = _decoded(data)
            self._unnamed.discard_all(entry.indexes if isinstance(entry, Tombstone) else ())
        for index in self._unnamed:
            yield Finding(index, UNNAMED)
        left = sa.select(Erasure.record_id).where(Erasure.site_id == self._site_id)
        for record_id in db.session.scalars(left.order_by(Erasure.record_id)):
            yield Finding(None, f"record {record_id}: anybody may remove it without a trace")

    def _tombstones(self, *tables: type[QueuedEntry] | type[LogEntry]) -> Iterator[bytes]:
        for table in tables or (LogEntry, QueuedEntry):
            query = sa.select(table.entry).where(
                table.site_id == self._site_id,
                table.record_id.is_(None),
                sa.func.substr(table.entry, 1, len(TOMBSTONE_STARTS)) == TOMBSTONE_STARTS,
            )
            yield from map(bytes, db.session.scalars(query))

    def _problem(self, indexes: Collection[int], kinds: tuple[type, ...]) -> str | None:
        """Return what is wrong with naming entries that were not seen without their records.

        One may have been erased since it was seen, and may have been named before.

        :param kinds: of entries that may be named
        """
        rows = db.session.execute(
            sa.select(LogEntry.leaf_index, LogEntry.record_id, LogEntry.entry).where(
                LogEntry.site_id == self._site_id, LogEntry.leaf_index.in_(indexes)
            )
        )
        found = {row.leaf_index: row for row in rows}
        for index in sorted(indexes):
            row = found.get(index)
            if row is None or not isinstance(_decoded(bytes(row.entry)), kinds):
                named = " or ".join(kind.__name__.lower() for kind in kinds)
                return f"the tombstone names entry {index}, which is no {named}"
            if row.record_id is not None:
                return f"the tombstone names entry {index}, but record {row.record_id} is there"
        return None


def _decoded(data: bytes) -> Entry | None:
    try:
        return decode(data)
    except EntryInvalid:
        return None
