"""Use cases of the visitor's rights: whoever holds the consent id sees what it is about."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from consent_server.consents.check import verdicts_in_force
from consent_server.consents.models import ConsentRecord, public_choices
from consent_server.consents.records import record_in_force
from consent_server.db import db, rfc3339
from consent_server.errors import ConsentError
from consent_server.sites.service import bundle_of, current_publication, publication_of


class ConsentIdUnknown(ConsentError):
    """No record of this site belongs to this consent id; a foreign one looks the same."""

    status = 404
    reason = "consent_id_unknown"

    def __init__(self) -> None:
        super().__init__("nothing is recorded about this consent id")


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


def what_is_held(site_id: str, subject: str, now: datetime) -> dict[str, Any]:
    """Return all records about a visitor and what they amount to now, JSON-ready.

    :raises SiteUnknown: no such site
    :raises ConsentIdUnknown: nothing is recorded
    """
    publication = current_publication(site_id)
    records = records_of(site_id, subject)
    held = record_in_force(site_id, subject)
    return {
        "site": site_id,
        "categories": verdicts_in_force(publication, held, now) if held else {},
        "records": [record.exported(with_subject=True) for record in records],
    }


def receipt(site_id: str, subject: str) -> dict[str, Any]:
    """Return the receipt of what holds for a visitor: who asked, what was answered, how to end it.

    :raises SiteUnknown: no such site
    :raises ConsentIdUnknown: nothing is recorded
    """
    current_publication(site_id)
    record = record_in_force(site_id, subject)
    if record is None:
        raise ConsentIdUnknown
    publication = publication_of(site_id, record.bundle)
    if publication is None:  # the foreign key forbids it
        raise LookupError("a record without its publication")
    bundle = bundle_of(publication)
    names = ("name", "controller", "authority", "policy", "storage_region", "record_retention")
    languages = bundle["languages"]
    shown = record.language in languages["available"]
    texts = bundle["texts"][record.language if shown else languages["default"]]
    return {
        "receipt_id": f"{record.record_id}-r",
        "site": site_id,
        **{name: bundle[name] for name in names},
        "event": record.event,
        "recorded_at": rfc3339(record.recorded_at),
        "expires_at": rfc3339(record.expires_at),
        "language": record.language,
        "bundle": record.bundle,
        "build": record.build,
        "categories": {
            id_: {**choice, "title": texts[f"category.{id_}.title"]}
            for id_, choice in public_choices(record.categories).items()
        },
        "services": public_choices(record.services),
        "withdraw": texts["withdraw_how"].format_map(texts),
    }
