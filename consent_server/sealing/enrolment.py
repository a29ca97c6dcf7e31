"""A log begins with what its site published and recorded before there were logs."""

import sqlalchemy as sa

from consent_server.consents.models import ConsentRecord
from consent_server.consents.records import commit_to
from consent_server.db import db, writing
from consent_server.ledger.entries import encode
from consent_server.log.models import OpeningKeys, QueuedEntry
from consent_server.log.queue import queue_artifact
from consent_server.log.tree import last_checkpoint
from consent_server.sealing.lease import require_lease
from consent_server.sites.service import artifacts_of, publications

#: Records of one transaction.
PAGE = 500


def enrol(site_id: str, holder: str) -> None:
    """Queue what a log lacks that holds nothing yet, because an earlier version wrote it.

    What such a record proves begins with the checkpoint that covers it, not with its own time.

    :param holder: of the lease
    :raises LeaseLost: another process took over; it begins where this one stopped
    """
    if last_checkpoint(site_id) is not None:
        return
    is_left = True
    while is_left:
        with writing():
            require_lease(site_id, holder)
            is_left = _queue_records(site_id) == PAGE
            db.session.commit()
    # After the records: by them a site is known that was in force before it had a log.
    with writing():
        require_lease(site_id, holder)
        if last_checkpoint(site_id) is None:
            _queue_publications(site_id)
        db.session.commit()


def _queue_publications(site_id: str) -> None:
    queued = set(
        db.session.scalars(
            sa.select(QueuedEntry.entry).where(
                QueuedEntry.site_id == site_id, QueuedEntry.record_id.is_(None)
            )
        )
    )
    previous = None
    for publication in publications(site_id):
        for artifact in artifacts_of(publication, previous):
            if encode(artifact) not in queued:
                queue_artifact(site_id, artifact, publication.published_at)
        previous = publication


def _queue_records(site_id: str) -> int:
    """Queue some records that have neither keys nor an entry: to lose one is no new beginning."""
    known = [
        sa.exists().where(
            table.site_id == ConsentRecord.site_id, table.record_id == ConsentRecord.record_id
        )
        for table in (OpeningKeys, QueuedEntry)
    ]
    query = sa.select(ConsentRecord).where(
        ConsentRecord.site_id == site_id, *(~is_known for is_known in known)
    )
    found = db.session.scalars(query.limit(PAGE)).all()
    for record in found:
        commit_to(record)
    return len(found)
