"""The receipt of one record, for the person it is about: as a page, as data, and signed.

Who holds the consent id gets the receipt of each record under it. Who refused has none: for them
the id of the record itself, which only the page that made it was told, is enough. It leads to
records without a subject alone, so that it never opens what a consent id protects.
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from consent_server.columns import rfc3339
from consent_server.consents.models import ConsentRecord
from consent_server.consents.records import record_in_force
from consent_server.db import db
from consent_server.ledger.canonical import base64url_encode
from consent_server.rights.service import ConsentIdUnknown
from consent_server.sealing.disclosure import disclose, published_text, readable
from consent_server.sealing.notary import Notary
from consent_server.sites.service import current_publication
from consent_server.tokens.keyring import KeyRing
from consent_server.tokens.receipt_token import sign_receipt
from consent_server.vocabulary import dpv, kantara


@dataclass(frozen=True)
class Issuer:
    """What signs receipts and vouches for the log."""

    #: The service's public address.
    url: str
    keys: KeyRing
    notary: Notary
    #: Within which a record is in the log.
    merge_delay: timedelta


@dataclass(frozen=True)
class Receipt:
    """A record to give a receipt for, and what was shown."""

    record: dict[str, Any]
    bundle: dict[str, Any]
    #: When the receipt is made.
    created: datetime

    def as_jsonld(self) -> dict[str, Any]:
        """Return the receipt by ISO/IEC TS 27560 (DPV)."""
        return dpv.receipt(self.record, self.bundle, rfc3339(self.created))

    def as_kantara(self) -> dict[str, Any]:
        """Return the receipt by Kantara's specification 1.1."""
        return kantara.receipt(self.record, self.bundle)


def find_receipt(
    site_id: str, subject: str | None, record_id: str | None, now: datetime
) -> Receipt:
    """Return the receipt of what holds for a visitor, or of one of the visitor's records.

    Unknown, another visitor's and another site's take the same work and look the same.

    :param subject: None from one who never granted; then the record's id is needed
    :raises SiteUnknown: no such site
    :raises ConsentIdUnknown: nothing is recorded under it
    :raises EvidenceDamaged: what was shown is not stored any more as it was
    """
    current_publication(site_id)
    with readable(site_id):
        if record_id is None:
            found = record_in_force(site_id, subject) if subject is not None else None
        else:
            found = db.session.scalars(
                sa.select(ConsentRecord).where(
                    ConsentRecord.site_id == site_id,
                    ConsentRecord.record_id == record_id,
                    ConsentRecord.subject.is_not_distinct_from(subject),
                )
            ).first()
        if found is None:
            raise ConsentIdUnknown
        bundle = json.loads(published_text(site_id, found.bundle))
        return Receipt(found.exported(with_subject=True), bundle, now)


def signed(receipt: Receipt, issuer: Issuer) -> str:
    """Return the receipt as a compact JWS, with what opens its entry in the log, and the proof.

    :raises EvidenceDamaged: the record is not what its entry in the log says
    """
    record = receipt.record
    found = disclose(record["site"], record["record_id"], issuer.notary, issuer.merge_delay)
    openings = {
        "record": record,
        "log_index": found.proof.index if found.proof is not None else None,
        "decision_key": base64url_encode(found.decision_key),
        "subject_key": base64url_encode(found.subject_key),
    }
    proof = (
        {"proof": found.proof.text, "vkey": found.key.vkey}
        if found.proof is not None
        else {"promised_by": rfc3339(found.promised_by)}
    )
    claims = {
        "iss": issuer.url,
        "aud": record["site"],
        "jti": dpv.receipt_id(record),
        "iat": int(receipt.created.timestamp()),
        "receipt": receipt.as_jsonld(),
        "openings": openings,
        **proof,
    }
    return sign_receipt(claims, issuer.keys)
