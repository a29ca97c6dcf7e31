"""Who takes part: the visitor, the controller, the recipients, the authority."""

from typing import Any

from consent_server.vocabulary.context import OWN
from consent_server.vocabulary.texts import Bundle, Record, is_run_by_others, is_web_address


def data_subject(record: Record) -> dict[str, Any]:
    """Return the visitor by the pseudonym, or by the record id where that is withheld or unknown.

    No other identifier exists: nobody who refused has one.
    """
    identifier = record.get("subject") or record["record_id"]
    return {
        "@id": f"{OWN}subject:{record['site']}:{identifier}",
        "@type": "dpv:DataSubject",
        "dct:identifier": identifier,
        "dpv:hasIdentifier": identifier,
    }


def controller(bundle: Bundle) -> dict[str, Any]:
    """Return who decides why data is processed, with a contact, and an officer where there is one.

    The document has no register number, so the site's own id stands for its controller.
    """
    stated = bundle["controller"]
    party = {
        "@id": controller_iri(bundle),
        "@type": "dpv:DataController",
        "dct:identifier": bundle["site"],
        "dpv:hasIdentifier": bundle["site"],
        "dpv:hasName": stated["name"],
        "dpv:hasAddress": stated["address"],
        **_contact(stated["contact"]),
    }
    if stated.get("dpo"):
        officer = {"@type": "dpv:DataProtectionOfficer", **_contact(stated["dpo"])}
        party["dpv:hasDataProtectionOfficer"] = officer
    return party


def authority(bundle: Bundle) -> dict[str, Any]:
    """Return where to complain."""
    stated = bundle["authority"]
    return {
        "@type": "dpv:DataProtectionAuthority",
        "dpv:hasName": stated["name"],
        **_contact(stated["url"]),
    }


def recipients(bundle: Bundle, services: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return who gets the data; the controller alone where no service is declared."""
    if not services:
        return [{"@id": controller_iri(bundle)}]
    return [_recipient(bundle, service) for service in services]


def controller_iri(bundle: Bundle) -> str:
    """Return the name of a site's controller."""
    return f"{OWN}controller:{bundle['site']}"


def _recipient(bundle: Bundle, service: dict[str, Any]) -> dict[str, Any]:
    kinds = ["dpv:Recipient"]
    if is_run_by_others(service, bundle):
        kinds.append("dpv:ThirdParty")
    return {
        "@id": f"{OWN}service:{bundle['site']}:{service['id']}",
        "@type": kinds,
        "dct:identifier": service["id"],
        "dpv:hasIdentifier": service["id"],
        "dpv:hasName": service["name"],
        "dpv:hasLocation": f"loc:{service['country']}",
        **_contact(service["policy_url"]),
    }


def _contact(address: str) -> dict[str, Any]:
    """Return a contact in DPV's words and in schema.org's."""
    if address.startswith("mailto:"):
        return {"dpv:hasContact": address, "schema:email": address.removeprefix("mailto:")}
    is_page = is_web_address(address)
    return {"dpv:hasContact": address, **({"schema:url": address} if is_page else {})}
