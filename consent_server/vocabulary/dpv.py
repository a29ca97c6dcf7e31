"""A record as ISO/IEC TS 27560 has it, in JSON-LD by the Data Privacy Vocabulary (DPV).

One ``dpv:Process`` for each purpose that was asked for, each with a status of its own: one status
over several purposes would say that all were granted. What needs no consent has no status and
stands apart, in ``consent:withoutConsent``.

:source: https://w3id.org/dpv/guides/consent-27560, Consent Records and Receipts using DPV
"""

from typing import Any

from consent_server.vocabulary import parties, processes
from consent_server.vocabulary.context import CONTEXT, OWN
from consent_server.vocabulary.terms import jurisdiction
from consent_server.vocabulary.texts import (
    Bundle,
    Record,
    how_to_withdraw,
    language_of,
    optional_categories,
    required_categories,
    texts_of,
)

__all__ = ["CONTEXT", "node", "receipt", "receipt_id"]

SCHEMA = "https://w3id.org/dpv/schema/dpv-27560#"

#: Articles of the GDPR → right, in the order in which people use them.
RIGHTS = {
    "A7-3": "Right to withdraw consent",
    "A15": "Right of access",
    "A16": "Right to rectification",
    "A17": "Right to erasure",
    "A20": "Right to data portability",
}


def node(record: Record, bundle: Bundle) -> dict[str, Any]:
    """Return a record as a ``dpv:ConsentRecord``, to be read with :data:`CONTEXT`.

    :param record: as exported, with or without its subject
    :param bundle: the one that the record names
    """
    subject = parties.data_subject(record)
    return {
        "@id": record_iri(record),
        "@type": "dpv:ConsentRecord",
        "dct:conformsTo": f"{SCHEMA}record-eu-gdpr",
        "dct:identifier": record["record_id"],
        "dpv:hasIdentifier": record["record_id"],
        **_earlier(record),
        "dct:created": record["recorded_at"],
        "dct:language": language_of(record, bundle),
        "dpv:isIndicatedAtTime": record["recorded_at"],
        "dpv:hasDataSubject": subject,
        "dpv:hasNotice": _notices(record, bundle),
        "dpv:hasDataController": parties.controller(bundle),
        "dpv:hasAuthority": parties.authority(bundle),
        "dpv:hasJurisdiction": f"loc:{jurisdiction(bundle['profile'])}",
        "dpv:hasApplicableLaw": "eu-gdpr:GDPR",
        "dpv:hasStorageCondition": [
            {"@type": "dpv:StorageLocation", "dpv:hasLocation": f"loc:{bundle['storage_region']}"},
            {
                "@type": "dpv:StorageDuration",
                "dpv:hasDuration": processes.duration(bundle["record_retention"]),
            },
        ],
        "dpv:hasProcess": [
            processes.asked(record, bundle, category, subject["@id"])
            for category in optional_categories(bundle)
        ],
        "consent:withoutConsent": [
            processes.told(record, bundle, category) for category in required_categories(bundle)
        ],
        "dpv:hasConsentControl": _withdrawal(record, bundle),
        "dpv:hasRight": _rights(bundle),
        **_extensions(record),
    }


def receipt(record: Record, bundle: Bundle, created: str) -> dict[str, Any]:
    """Return the receipt of a record, complete with its context.

    :param created: when the receipt is made, RFC 3339
    """
    return {
        "@context": CONTEXT,
        "@id": f"{record_iri(record)}-r",
        "@type": "dpv:ConsentReceipt",
        "dct:conformsTo": f"{SCHEMA}receipt-eu-gdpr",
        "dct:identifier": receipt_id(record),
        "dpv:hasIdentifier": receipt_id(record),
        "dct:created": created,
        "dpv:hasRecordOfActivity": node(record, bundle),
    }


def receipt_id(record: Record) -> str:
    """Return the id of a record's receipt: no new identifier for anybody."""
    return f"{record['record_id']}-r"


def record_iri(record: Record, name: str = "record_id") -> str:
    """Return the name of a record, or of one that it names, for the whole world."""
    return f"{OWN}record:{record['site']}:{record[name]}"


def _earlier(record: Record) -> dict[str, Any]:
    """Return the records of the same person that this one follows and corrects."""
    names = [name for name in ("previous", "corrects") if record.get(name)]
    earlier = dict.fromkeys(record_iri(record, name) for name in names)
    return {"dct:replaces": list(earlier)} if earlier else {}


def _notices(record: Record, bundle: Bundle) -> list[dict[str, Any]]:
    """Return what was shown, by its hash, and the policy that it leads to."""
    shown = {
        "@id": f"{OWN}bundle:{record['bundle']}",
        "@type": "dpv:ConsentNotice",
        "dct:identifier": record["bundle"],
        "dct:language": language_of(record, bundle),
        "schema:version": str(bundle["revision"]),
        "schema:url": bundle["policy"]["url"],
    }
    policy = {
        "@type": "dpv:PrivacyNotice",
        "schema:url": bundle["policy"]["url"],
        "schema:version": record["policy_version"],
    }
    return [shown, policy]


def _withdrawal(record: Record, bundle: Bundle) -> dict[str, Any]:
    """Return the way back: a control on every page of the site, so on that of its policy too."""
    texts = texts_of(record, bundle)
    return {
        "@type": "dpv:WithdrawConsent",
        "dct:description": {
            "@value": how_to_withdraw(texts),
            "@language": language_of(record, bundle),
        },
        "dpv:isExercisedAt": bundle["policy"]["url"],
    }


def _rights(bundle: Bundle) -> list[dict[str, Any]]:
    at = bundle["policy"]["url"]
    rights = [
        {
            "@type": ["dpv:DataSubjectRight", f"eu-gdpr:{article}"],
            "dct:title": {"@value": title, "@language": "en"},
            "dpv:isExercisedAt": at,
        }
        for article, title in RIGHTS.items()
    ]
    complaint = {
        "@type": ["dpv:DataSubjectRight", "eu-gdpr:A77"],
        "dct:title": {"@value": "Right to lodge a complaint", "@language": "en"},
        "dpv:isExercisedAt": bundle["authority"]["url"],
    }
    return [*rights, complaint]


def _extensions(record: Record) -> dict[str, Any]:
    """Return what DPV has no term for, under names of our own."""
    return {
        "consent:event": record["event"],
        "consent:profile": record["profile"],
        "consent:widgetBuild": record["build"],
        "consent:globalPrivacyControl": record["gpc"],
        "consent:trustedInput": record["trusted"],
        "consent:superseded": record["superseded"],
        "consent:scope": "site",
    }
