"""Whether an entry that opens to no record is what it says, and what was published is there."""

import sqlalchemy as sa

from consent_server.db import db
from consent_server.ledger.entries import (
    Artifact,
    EntryInvalid,
    Event,
    Tombstone,
    decode,
    encode,
)
from consent_server.log.models import LogEntry, QueuedEntry
from consent_server.log.tree import artifacts_of
from consent_server.sealing.artifacts import published_artifacts
from consent_server.sealing.erasures import Erasures
from consent_server.sealing.notary import Notary
from consent_server.sealing.trails import NUMBER, Trails


class Clear:
    """Looks at the entries in clear of one log; shown them in their order."""

    def __init__(self, site_id: str, notary: Notary | None):
        """Nothing is read yet.

        :param notary: knows the keys of the log; without one, entries that name keys are believed
        """
        self._site_id = site_id
        self._notary = notary
        #: Read when an artifact is met.
        self._published: dict[bytes, str | None] = {}
        self._seen: set[bytes] = set()
        self.erasures = Erasures(site_id)
        self.trails = Trails(site_id)

    def problem(self, index: int | None, data: bytes, erased: str | None = None) -> str | None:
        """Return what is wrong with an entry that stands for no record.

        :param index: None while it waits
        :param erased: of one that waits: why its record is gone
        """
        try:
            entry = decode(data)
        except EntryInvalid as refusal:
            return str(refusal)
        if isinstance(entry, Event):
            return self.erasures.event(index, erased)
        if isinstance(entry, Tombstone):
            return self.erasures.tombstone(index, entry)
        if entry.kind == "trail":
            return self.trails.problem(data, entry, lambda: self.erasures.is_lost(index))
        if entry.kind == "key":
            return self._key(data, entry)
        return self._artifact(index, data)

    def left_out(self) -> list[bytes]:
        """Return the publications that were not shown, and are neither in the log nor waiting."""
        published = self._published or published_artifacts(self._site_id)
        return [entry for entry in sorted(published.keys() - self._seen) if not self._holds(entry)]

    def _artifact(self, index: int | None, data: bytes) -> str | None:
        """Return what is wrong with what was published.

        A tombstone excuses what is gone with a database that was lost, and no change of what is
        there.
        """
        self._seen.add(data)
        if data not in self._published:  # published since
            self._published = published_artifacts(self._site_id)
        if data not in self._published and self.erasures.is_lost(index):
            return None
        return self._published.get(data, "nothing of the kind was published")

    def _key(self, data: bytes, artifact: Artifact) -> str | None:
        if self._notary is None:
            return None
        number = NUMBER.match(artifact.name.rpartition("/")[2])
        try:
            ours = self._notary.key_artifact(self._site_id, int(number[0]) if number else 0)
            is_ours = encode(ours) == data
        except LookupError:
            is_ours = False
        return None if is_ours else "names a key that the log never had"

    def _holds(self, entry: bytes) -> bool:
        """Whether an artifact is in the queue or in the log; it moves from one to the other."""
        in_queue = sa.select(QueuedEntry.site_id).where(
            QueuedEntry.site_id == self._site_id,
            QueuedEntry.record_id.is_(None),
            QueuedEntry.entry == entry,
        )
        in_log = sa.select(LogEntry.site_id).where(
            *artifacts_of(self._site_id), LogEntry.entry == entry
        )
        return any(db.session.scalar(query.limit(1)) is not None for query in (in_queue, in_log))
