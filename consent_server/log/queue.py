"""Queue entries in the transaction of what they stand for: one is not there without the other."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from consent_server.db import db
from consent_server.ledger.entries import (
    MOST_INDEXES,
    PARTS,
    Artifact,
    Cause,
    Entry,
    Event,
    Tombstone,
    encode,
)
from consent_server.ledger.merkle import KEY_BYTES, commit
from consent_server.log.models import OpeningKeys, QueuedEntry, SignedCheckpoint
from consent_server.statements import Insert, Row

#: Made once and run below the object mapper: every decision waits for both.
KEEP_KEYS, KEEP_ENTRY = Insert(OpeningKeys.__table__), Insert(QueuedEntry.__table__)


def rows_for(
    site_id: str,
    record_id: str,
    decision: Mapping[str, Any],
    subject: Mapping[str, Any],
    now: datetime,
) -> list[Row]:
    """Commit to the two parts of a record with fresh keys: return the rows that do so.

    The caller adds them in the record's own transaction.

    :param decision: JSON-ready, of the row as it is stored
    :raises NotCanonical: a part has no canonical form
    :source: CNIL, Blockchain (2018): a commitment under a key that can be deleted
    """
    drawn = secrets.token_bytes(2 * KEY_BYTES)
    decision_key, subject_key = drawn[:KEY_BYTES], drawn[KEY_BYTES:]
    event = Event(
        commit("decision", decision_key, decision), commit("subject", subject_key, subject)
    )
    opening = {
        "site_id": site_id,
        "record_id": record_id,
        "decision_key": decision_key,
        "subject_key": subject_key,
    }
    return [(KEEP_KEYS, opening), (KEEP_ENTRY, _queued(site_id, event, record_id, now))]


def queue_artifact(site_id: str, artifact: Artifact, now: datetime) -> None:
    """Queue what was published, in clear; the caller commits the transaction."""
    _queue(site_id, artifact, now)


def waiting_in_clear(site_id: str) -> Collection[bytes]:
    """Return the entries that stand for no record and wait for their place; mostly none."""
    query = sa.select(QueuedEntry.entry).where(
        QueuedEntry.site_id == site_id, QueuedEntry.record_id.is_(None)
    )
    return {bytes(entry) for entry in db.session.scalars(query)}


def is_older_than_its_log(site_id: str) -> bool:
    """Whether there are decisions, and no checkpoint yet: an earlier version wrote them."""
    is_signed = sa.exists().where(SignedCheckpoint.site_id == site_id)
    query = sa.select(OpeningKeys.site_id).where(OpeningKeys.site_id == site_id, ~is_signed)
    return db.session.scalar(query.limit(1)) is not None


def queue_tombstones(site_id: str, indexes: Collection[int], reason: Cause, now: datetime) -> None:
    """Queue what says what of which entries is gone, as few as can be; the caller commits.

    :param indexes: of these entries in the log
    """
    ordered = sorted(set(indexes))
    for at in range(0, len(ordered), MOST_INDEXES):
        tombstone = Tombstone(tuple(ordered[at : at + MOST_INDEXES]), PARTS, reason)
        _queue(site_id, tombstone, now)


def _queue(site_id: str, entry: Entry, now: datetime) -> None:
    KEEP_ENTRY.run(db.session.connection(), _queued(site_id, entry, None, now))


def _queued(site_id: str, entry: Entry, record_id: str | None, now: datetime) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "queued_at": now,
        "queue_id": secrets.token_urlsafe(16),
        "entry": encode(entry),
        "record_id": record_id,
        "leaf_index": None,
        "erased": None,
    }
