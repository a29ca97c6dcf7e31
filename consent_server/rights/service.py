"""Use cases of the visitor's rights: see, erase and have corrected what is recorded."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from consent_server.consents.check import verdicts_in_force
from consent_server.consents.correcting import Correction, append_correction
from consent_server.consents.models import ConsentRecord, NewRecord
from consent_server.consents.records import find_record, record_in_force
from consent_server.db import db, lock_for_writing, writing
from consent_server.erasing.erasedlist import ErasedList
from consent_server.erasing.restricted import Terms, terms_at
from consent_server.erasing.service import erase_subject
from consent_server.erasing.traces import remove_traces
from consent_server.errors import ConsentError
from consent_server.ledger.entries import Reason
from consent_server.sealing.disclosure import readable
from consent_server.sealing.errors import RecordUnknown
from consent_server.sites.service import (
    bundle_of,
    current_publication,
    publication_of,
    require_site,
)


@dataclass(frozen=True)
class Erased:
    """What was erased, and what was kept of it."""

    #: How many records there were.
    count: int
    #: None where nothing was kept.
    kept: Terms | None

    def as_told(self, site_id: str) -> dict[str, Any]:
        """Return it JSON-ready."""
        kept = {} if self.kept is None else {"kept": self.kept.as_told()}
        return {"site": site_id, "erased": self.count, **kept}


class ConsentIdUnknown(ConsentError):
    """No record of this site belongs to this consent id; a foreign one looks the same."""

    status = 404
    reason = "consent_id_unknown"

    def __init__(self) -> None:
        super().__init__(
            "nothing is recorded under this consent id, or not the record that was asked for"
        )


def records_of(site_id: str, subject: str) -> list[ConsentRecord]:
    """Return every record of a subject, oldest first.

    :raises ConsentIdUnknown: there is none
    :source: GDPR Art. 15, right of access; Art. 11(2), by possession of the identifier
    """
    query = sa.select(ConsentRecord).where(
        ConsentRecord.site_id == site_id, ConsentRecord.subject == subject
    )
    found = list(db.session.scalars(query.order_by(ConsentRecord.recorded_at)))
    if not found:
        raise ConsentIdUnknown
    return found


def what_is_held(
    site_id: str, subject: str, now: datetime, *, archived: bool = False
) -> dict[str, Any]:
    """Return all records about a visitor and what they amount to now, JSON-ready.

    :param archived: whether an archived site is answered for too
    :raises SiteUnknown: no such site
    :raises ConsentIdUnknown: nothing is recorded
    :raises EvidenceDamaged: a record cannot be read
    """
    publication = current_publication(site_id, archived=archived)
    with readable(site_id):
        records = records_of(site_id, subject)
        held = record_in_force(site_id, subject)
        return {
            "site": site_id,
            "categories": verdicts_in_force(publication, held, now) if held else {},
            "records": [record.exported(with_subject=True) for record in records],
        }


def erase(
    site_id: str,
    subject: str,
    now: datetime,
    erased: ErasedList,
    *,
    up_to: int = 0,
    reason: Reason = "art17",
    archived: bool = False,
) -> Erased:
    """Erase every record about a visitor.

    Where the site says so, sealed proofs are kept of what is erased for Art. 17 (R097).

    :param now: aware, UTC
    :param up_to: the highest number that the visitor gave to a decision
    :param archived: whether an archived site's are erased too
    :raises SiteUnknown: no such site
    :raises ConsentIdUnknown: nothing is recorded
    :source: GDPR Art. 17(1)(b), effective at once; Art. 17(3)(e)
    """
    terms = terms_at(site_id, now, archived=archived) if reason == "art17" else None
    require_site(site_id, archived=archived)
    gone = erase_subject(site_id, subject, reason, now, erased, up_to, terms)
    if not gone.records:
        raise ConsentIdUnknown
    remove_traces()
    return Erased(gone.records, terms if gone.proofs else None)


def correct(site_id: str, record_id: str, correction: Correction, now: datetime) -> NewRecord:
    """Put wrong facts of a record right by a new one that names it; the old one stays as it is.

    :param now: aware, UTC; becomes ``recorded_at``
    :raises SiteUnknown: no such site (an archived one is corrected)
    :raises RecordUnknown: the site has no such record
    :raises EvidenceDamaged: the record, or one that it would follow, cannot be read
    :raises ConsentError: the correction contradicts the bundle, or says nothing new
    :source: GDPR Art. 16
    """
    require_site(site_id, archived=True)
    with readable(site_id):
        found = find_record(site_id, record_id)
    if found is None:
        raise RecordUnknown(record_id)
    subject = found.subject
    with writing():
        # Of one who never granted there is no lock; that of the log keeps an erasure out.
        lock_for_writing(*(("subject", site_id, subject) if subject else ("log", site_id)))
        with readable(site_id):
            record = find_record(site_id, record_id)
            publication = publication_of(site_id, record.bundle) if record is not None else None
            if record is None or publication is None:  # erased since
                raise RecordUnknown(record_id)
            corrected = append_correction(record, bundle_of(publication), correction, now)
        db.session.commit()
    return corrected
