"""Records that are neither in the log of their site nor in its queue."""

from collections.abc import Iterator

import sqlalchemy as sa

from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.log.models import LogEntry, QueuedEntry

#: Records looked at in one transaction: a statement that reads them all would be cut off.
PAGE = 2_000


def records_left_out(site_id: str) -> Iterator[str]:
    """Yield their ids, in order; between two pages no transaction is open."""
    after = ""
    while page := _ids(site_id, after):
        here = ConsentRecord.record_id > after, ConsentRecord.record_id <= page[-1]
        left = set(page) - _in_log(site_id, after, page[-1])
        left -= _in_queue(site_id, here) if left else set()
        found = _in_neither(site_id, left) if left else []
        db.session.rollback()
        yield from found
        after = page[-1]


def _ids(site_id: str, after: str) -> list[str]:
    query = sa.select(ConsentRecord.record_id).where(
        ConsentRecord.site_id == site_id, ConsentRecord.record_id > after
    )
    return list(db.session.scalars(query.order_by(ConsentRecord.record_id).limit(PAGE)))


def _in_log(site_id: str, after: str, last: str) -> set[str]:
    query = sa.select(LogEntry.record_id).where(
        LogEntry.site_id == site_id, LogEntry.record_id > after, LogEntry.record_id <= last
    )
    return {record_id for record_id in db.session.scalars(query) if record_id is not None}


def _in_queue(site_id: str, here: tuple[sa.ColumnElement[bool], ...]) -> set[str]:
    """Return those that wait where their instant says: by that a queue is found in."""
    query = (
        sa.select(ConsentRecord.record_id)
        .join_from(
            ConsentRecord,
            QueuedEntry,
            (QueuedEntry.site_id == ConsentRecord.site_id)
            & (QueuedEntry.queued_at == ConsentRecord.recorded_at)
            & (QueuedEntry.record_id == ConsentRecord.record_id),
        )
        .where(ConsentRecord.site_id == site_id, *here)
    )
    return set(db.session.scalars(query))


def _in_neither(site_id: str, record_ids: set[str]) -> list[str]:
    """Return those of a few that are in neither, in one look: they move from one to the other."""
    places = [
        sa.exists().where(
            table.site_id == ConsentRecord.site_id, table.record_id == ConsentRecord.record_id
        )
        for table in (LogEntry, QueuedEntry)
    ]
    query = sa.select(ConsentRecord.record_id).where(
        ConsentRecord.site_id == site_id,
        ConsentRecord.record_id.in_(record_ids),
        *(~place for place in places),
    )
    return list(db.session.scalars(query.order_by(ConsentRecord.record_id)))
