"""One purpose: which data, for whom, where and how long, and what was answered."""

from typing import Any

from consent_server.sites.durations import lifetime_seconds
from consent_server.vocabulary.context import OWN
from consent_server.vocabulary.parties import controller_iri, recipients
from consent_server.vocabulary.terms import (
    PURPOSES,
    how_it_ended,
    is_corrected,
    kind_of_data,
    status,
)
from consent_server.vocabulary.texts import (
    Bundle,
    Record,
    language_of,
    services_of,
    texts_of,
)

#: Where something was pressed, in words.
PLACES = {
    "banner": "button of the first layer",
    "preferences": "second layer",
    "placeholder": "placeholder in the page",
    "api": "the page's own controls",
    "gpc": "Global Privacy Control signal of the browser",
    "import": "imported",
}

#: How a record came about that puts another one right.
CORRECTED = "put right by the controller, where an earlier record was wrong"


def place(record: Record) -> str:
    """Return where it was pressed, in words; a withdrawal does not say which of two places."""
    if (record["action"], record["method"]) == ("withdraw", "preferences"):
        return "second layer, or a link of the page"
    return PLACES[record["method"]]


def asked(record: Record, bundle: Bundle, category: str, subject: str) -> dict[str, Any]:
    """Return a purpose that was asked for, with its answer and those for single services.

    :param subject: name of the visitor
    """
    own = f"{OWN}record:{record['site']}:{record['record_id']}:"
    services = services_of(bundle, category)
    process = {
        "@id": f"{own}category:{category}",
        **_purpose(record, bundle, category, services, "dpv:Optional"),
        "dpv:hasLegalBasis": ["eu-gdpr:A6-1-a", "dpv:ExpressedConsent"],
        "dpv:hasConsentStatus": _status(record, bundle, record["categories"][category], subject),
    }
    single = [
        {
            "@id": f"{own}service:{service['id']}",
            **_purpose(record, bundle, category, [service], "dpv:Optional"),
            "dpv:hasLegalBasis": ["eu-gdpr:A6-1-a", "dpv:ExpressedConsent"],
            "dpv:hasConsentStatus": _status(
                record, bundle, record["services"][service["id"]], subject
            ),
        }
        for service in services
        if service["id"] in record["services"]
    ]
    return {**process, "dpv:hasProcess": single} if single else process


def told(record: Record, bundle: Bundle, category: str) -> dict[str, Any]:
    """Return a purpose for which nobody is asked, because what was requested needs it.

    :source: Directive 2002/58/EC Art. 5(3), strictly necessary
    """
    reason = next(item["reason"] for item in bundle["categories"] if item["id"] == category)
    words = texts_of(record, bundle).get(f"necessary_reason.{reason}", reason)
    return {
        "@id": f"{OWN}record:{record['site']}:{record['record_id']}:category:{category}",
        **_purpose(record, bundle, category, services_of(bundle, category), "dpv:Required"),
        "consent:exemption": _text(record, bundle, words),
    }


def duration(stated: str) -> dict[str, Any]:
    """Return a length of time; ``session`` is one that ends with an event."""
    if stated == "session":
        value: Any = "end of the browser session"
        return {"@type": "dpv:UntilEventDuration", "rdf:value": value}
    value = {"@type": "xsd:duration", "@value": stated}
    return {"@type": "dpv:TemporalDuration", "rdf:value": value}


def _purpose(
    record: Record,
    bundle: Bundle,
    category: str,
    services: list[dict[str, Any]],
    necessity: str,
) -> dict[str, Any]:
    texts = texts_of(record, bundle)
    purpose = {
        "@type": "dpv:Purpose",
        "dct:identifier": category,
        "dct:title": _text(record, bundle, texts[f"category.{category}.title"]),
        "dct:description": _text(record, bundle, texts[f"category.{category}.text"]),
        "skos:broader": PURPOSES.get(category, "dpv:Purpose"),
    }
    return {
        "@type": "dpv:Process",
        "dct:identifier": category,
        "dpv:hasPurpose": purpose,
        "dpv:hasService": [
            {"@type": "dpv:Service", "dct:identifier": service["id"], "dct:title": service["name"]}
            for service in services
        ],
        "dpv:hasDataController": {"@id": controller_iri(bundle)},
        "dpv:hasPersonalData": _personal_data(services, necessity),
        "dpv:hasRecipient": recipients(bundle, services),
        "dpv:hasStorageCondition": _storage(bundle, services),
        "dpv:hasNecessity": necessity,
    }


def _personal_data(services: list[dict[str, Any]], necessity: str) -> list[dict[str, Any]]:
    """Return the data that the services declare, each once, as the document describes them."""
    described = dict.fromkeys(data for service in services for data in service["data"])
    if not described:
        nothing = "No service of this category is declared, and so no data."
        return [{"@type": "dpv:PersonalData", "dct:description": nothing}]
    return [
        {
            "@type": "dpv:PersonalData",
            "skos:broader": kind_of_data(data),
            "dct:description": data,
            "dpv:hasNecessity": necessity,
        }
        for data in described
    ]


def _storage(bundle: Bundle, services: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return where the data lies and how long: the countries and the longest life of the stores.

    Where no service stores anything, what is left is the choice itself, in the region of its proof.
    """
    countries = dict.fromkeys(service["country"] for service in services)
    places = list(countries) or [bundle["storage_region"]]
    lives = [store["lifetime"] for service in services for store in service["stores"]]
    longest = max(lives, key=_seconds, default=bundle["reprompt_after"])
    return [
        {"@type": "dpv:StorageLocation", "dpv:hasLocation": [f"loc:{place}" for place in places]},
        {"@type": "dpv:StorageDuration", "dpv:hasDuration": duration(longest)},
    ]


def _seconds(lifetime: str) -> int:
    return 0 if lifetime == "session" else lifetime_seconds(lifetime)


def _status(record: Record, bundle: Bundle, choice: dict[str, Any], subject: str) -> dict[str, Any]:
    """Return the answer: what it is, when it was given, how long it counts, who gave it and how.

    An expiry is nobody's: it comes when the time of the choice is over. Of a correction the no is
    the controller's word; a yes is the visitor's still, for nobody else can give it.
    """
    kind = status(record, choice)
    ended = None if choice["granted"] else how_it_ended(record, choice)
    is_expiry = ended == "expired"
    is_stated = is_corrected(record) and not choice["granted"] and ended is None
    return {
        "@type": kind,
        "dpv:isIndicatedAtTime": choice["expires_at"] if is_expiry else choice["decided_at"],
        "dpv:hasDuration": duration(bundle["reprompt_after"]),
        "dct:valid": choice["expires_at"],
        "dpv:isIndicatedBy": controller_iri(bundle) if is_expiry or is_stated else subject,
        "dpv:hasIndicationMethod": "end of its time" if is_expiry else _method(record),
    }


def _method(record: Record) -> str:
    """Return how the record was made; a choice that was carried over has an earlier one for it."""
    if is_corrected(record):
        return CORRECTED
    if record["action"] is None:
        return "recorded when the time of another choice was over"
    return f"{record['action']}, {place(record)}"


def _text(record: Record, bundle: Bundle, words: str) -> dict[str, str]:
    return {"@value": words, "@language": language_of(record, bundle)}
