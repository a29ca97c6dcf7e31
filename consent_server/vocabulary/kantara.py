"""A record as a Kantara Consent Receipt 1.1, for those whose tools read that.

Lists what was consented to, and what needs no consent (``N/A``). A purpose that was refused is not
in it: the form has no word for a no, and a reader that skips ``consentType`` would take it for a
yes. Where the site's document has nothing to say, a required text is empty; nothing is made up.

:source: Kantara Initiative, Consent Receipt Specification 1.1.0, 20 February 2018
"""

from datetime import datetime
from typing import Any

from consent_server.vocabulary.dpv import receipt_id
from consent_server.vocabulary.processes import CORRECTED, place
from consent_server.vocabulary.terms import KANTARA_PURPOSES, is_corrected, jurisdiction
from consent_server.vocabulary.texts import (
    Bundle,
    Record,
    is_run_by_others,
    is_web_address,
    language_of,
    services_of,
    texts_of,
)

VERSION = "KI-CR-v1.1.0"


def receipt(record: Record, bundle: Bundle) -> dict[str, Any]:
    """Return the receipt, JSON-ready."""
    return {
        "version": VERSION,
        "jurisdiction": jurisdiction(bundle["profile"]),
        "consentTimestamp": int(datetime.fromisoformat(record["recorded_at"]).timestamp()),
        "collectionMethod": _collection(record),
        "consentReceiptID": receipt_id(record),
        "language": language_of(record, bundle),
        # Mandatory there. No new identifier is made for it.
        "piiPrincipalId": record.get("subject") or record["record_id"],
        "piiControllers": [_controller(bundle)],
        "policyUrl": bundle["policy"]["url"],
        "services": [{"service": bundle["name"], "purposes": _purposes(record, bundle)}],
        "sensitive": False,
        "spiCat": [],
    }


def _collection(record: Record) -> str:
    if is_corrected(record):
        return CORRECTED
    if record["action"] is None:
        return "end of the time of an earlier choice"
    return f"{record['action']}, {place(record)}"


def _controller(bundle: Bundle) -> dict[str, Any]:
    stated = bundle["controller"]
    contacts = [stated["contact"], stated.get("dpo") or ""]
    mail = next((one for one in contacts if one.startswith("mailto:")), "")
    is_page = is_web_address(stated["contact"])
    return {
        "piiController": stated["name"],
        "onBehalf": False,
        "contact": stated["contact"].removeprefix("mailto:"),
        "address": {"@type": "PostalAddress", "streetAddress": stated["address"]},
        "email": mail.removeprefix("mailto:"),
        "phone": "",
        "piiControllerUrl": stated["contact"] if is_page else bundle["policy"]["url"],
    }


def _purposes(record: Record, bundle: Bundle) -> list[dict[str, Any]]:
    return [
        _purpose(record, bundle, category)
        for category in bundle["categories"]
        if category["required"]
        or record["categories"][category["id"]]["granted"]
        or _granted_services(record, bundle, category["id"])
    ]


def _granted_services(record: Record, bundle: Bundle, category: str) -> list[dict[str, Any]]:
    """Return the services that may run: a service's own answer counts before its category's."""
    of_category = record["categories"][category]
    return [
        service
        for service in services_of(bundle, category)
        if record["services"].get(service["id"], of_category)["granted"]
    ]


def _purpose(record: Record, bundle: Bundle, category: dict[str, Any]) -> dict[str, Any]:
    name = category["id"]
    services = _granted_services(record, bundle, name)
    others = [service["name"] for service in services if is_run_by_others(service, bundle)]
    is_required = category["required"]
    ends = [record["services"].get(one["id"], {}).get("expires_at") for one in services]
    until = max([record["categories"][name]["expires_at"], *filter(None, ends)])
    return {
        "purpose": texts_of(record, bundle)[f"category.{name}.title"],
        "purposeCategory": [KANTARA_PURPOSES.get(name, name)],
        "consentType": "N/A" if is_required else "EXPLICIT",
        "piiCategory": list(dict.fromkeys(data for one in services for data in one["data"])),
        "primaryPurpose": is_required,
        "termination": "N/A" if is_required else f"when consent is withdrawn, or {until}",
        "thirdPartyDisclosure": bool(others),
        **({"thirdPartyName": "; ".join(others)} if others else {}),
    }
