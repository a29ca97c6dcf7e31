"""What is exported: which records of a site, on which level, up to which checkpoint."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from consent_server.columns import rfc3339
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.errors import ConsentError
from consent_server.log.models import QueuedEntry, SignedCheckpoint
from consent_server.log.tree import last_checkpoint
from consent_server.sealing.countersigning import given_out
from consent_server.sealing.findings import rows_readable
from consent_server.sealing.growth import signed_head
from consent_server.sealing.notary import Notary
from consent_server.sealing.service import signed_last

LEVELS = ("counts", "decisions", "subjects")


class CheckpointUnknown(ConsentError):
    """No checkpoint of this site's log was signed at this size."""

    status = 404
    reason = "checkpoint_unknown"

    def __init__(self, size: int):
        super().__init__(f"no checkpoint of {size} entries was signed")
        self.size = size


@dataclass(frozen=True)
class Selection:
    """Which records of a site to export."""

    site_id: str
    #: One of :data:`LEVELS`; ``decisions`` leaves the subject out.
    level: str = "decisions"
    #: First instant, inclusive.
    start: datetime | None = None
    #: Last instant, exclusive.
    end: datetime | None = None
    event: str | None = None
    #: Hash of the bundle that was shown.
    bundle: str | None = None

    @property
    def filter(self) -> dict[str, str | None]:
        """The filter as a manifest says it."""
        return {
            "from": rfc3339(self.start) if self.start is not None else None,
            "to": rfc3339(self.end) if self.end is not None else None,
            "event": self.event,
            "bundle": self.bundle,
        }

    @property
    def facts(self) -> dict[str, Any]:
        """What a line of the trail says about it."""
        asked = {name: value for name, value in self.filter.items() if value is not None}
        return {"level": self.level, "filter": asked}

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return what a selected record fulfils."""
        found = [ConsentRecord.site_id == self.site_id]
        if self.start is not None:
            found.append(ConsentRecord.recorded_at >= self.start)
        if self.end is not None:
            found.append(ConsentRecord.recorded_at < self.end)
        if self.event is not None:
            found.append(ConsentRecord.event == self.event)
        if self.bundle is not None:
            found.append(ConsentRecord.bundle == self.bundle)
        return found


@dataclass(frozen=True)
class Head:
    """The log as it was when an export began; nothing that comes later is in it."""

    #: Name of the log.
    origin: str
    #: Entries in the tree; 0 before anything was signed.
    size: int
    #: The checkpoint as it was signed, if one was.
    note: str | None
    vkey: str
    #: When the first and the last of what waited were recorded; None where nothing is exported
    #: that waits.
    waiting: tuple[datetime, datetime] | None


def _waiting(site_id: str) -> tuple[datetime, datetime] | None:
    queued = QueuedEntry.queued_at
    query = sa.select(sa.func.min(queued), sa.func.max(queued))
    first, last = db.session.execute(query.where(QueuedEntry.site_id == site_id)).one()
    return (first, last) if first is not None else None


def head_of(site_id: str, notary: Notary, size: int | None = None) -> Head:
    """Fix what an export is about.

    :param size: of a checkpoint at which the export ends; what waits, or came later, is then left
        out, and the export is the same as it was then, but for what was erased
    :raises CheckpointUnknown: none was signed at this size
    :raises LogInconsistent: what is stored is not what was signed
    :raises LogKeyUnusable: the log's key is missing or damaged
    """
    with rows_readable():
        # Before the checkpoint: what is sealed between the two is in it, and not left out.
        waiting = _waiting(site_id) if size is None else None
        newest = last_checkpoint(site_id)
        chosen = (
            newest
            if size is None or newest is None
            else db.session.get(SignedCheckpoint, (site_id, size))
        )
    if size is not None and (chosen is None or chosen.size != size):
        raise CheckpointUnknown(size)
    head = signed_last(site_id, notary)
    key = notary.key(head.origin, may_create=False)
    if chosen is not None:
        head = signed_head(chosen, notary.keys_of(head.origin, site_id, chosen.size))
    note = given_out(site_id, chosen, notary) if chosen is not None else None
    db.session.rollback()
    return Head(head.origin, head.size, note, key.vkey, waiting)
