"""Records that are neither in the log of their site nor in its queue, or there twice."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.log.models import LogEntry, QueuedEntry

#: Records looked at in one transaction: a statement that reads them all would be cut off.
PAGE = 2_000


def records_left_out(site_id: str) -> Iterator[tuple[str, str]]:
    """Yield ids and what is wrong, in order; between two pages no transaction is open."""
    after = ""
    while page := _ids(site_id, after):
        here = ConsentRecord.record_id > after, ConsentRecord.record_id <= page[-1]
        left = set(page) - _in_log(site_id, after, page[-1])
        left -= _in_queue(site_id, here) if left else set()
        neither = _in_neither(site_id, left) if left else []
        twice = _there_twice(site_id, here, len(set(page)))
        db.session.rollback()
        yield from ((record_id, "is neither in the log nor in its queue") for record_id in neither)
        yield from ((record_id, "is there more than once") for record_id in twice)
        after = page[-1]


def _there_twice(
    site_id: str, here: tuple[sa.ColumnElement[bool], ...], expected: int
) -> Sequence[str]:
    """Return the ids that several records have, which a database without its keys lets be.

    One of them may be what the log has, and what is answered from another one.
    """
    those = ConsentRecord.site_id == site_id, *here
    if db.session.scalar(sa.select(sa.func.count()).where(*those)) == expected:
        return []
    query = sa.select(ConsentRecord.record_id).where(*those).group_by(ConsentRecord.record_id)
    query = query.having(sa.func.count() > 1).order_by(ConsentRecord.record_id)
    return db.session.scalars(query).all()


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
