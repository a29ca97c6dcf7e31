"""Which term of a public vocabulary our own words stand for; what has none stands for itself."""

from typing import Any

#: Category → purpose of DPV. A site's own category is a purpose and no more is known of it.
PURPOSES = {
    "necessary": "dpv:ServiceProvision",
    "functional": "dpv:ServiceProvision",
    "analytics": "dpv:ServiceUsageAnalytics",
    "marketing": "dpv:Marketing",
}

#: Category → purpose category of Kantara's list (Consent Receipt 1.1, appendix).
KANTARA_PURPOSES = {
    "necessary": "1 - Core Function",
    "functional": "5 - Personalize Experience",
    "analytics": "16 - Improve Performance",
    "marketing": "6 - Marketing",
}

#: Profile → where the law and the authority's reading of it hold.
JURISDICTIONS = {"gdpr": "EU", "fr-cnil": "FR", "ie-dpc": "IE", "it-garante": "IT"}

#: A word of a document's free ``data`` → category of personal data. The first that is found counts.
PERSONAL_DATA = (
    ("ip address", "pd:IPAddress"),
    ("email", "pd:EmailAddress"),
    ("e-mail", "pd:EmailAddress"),
    ("location", "pd:Location"),
    ("device", "pd:DeviceBased"),
    ("page", "pd:Behavioral"),
    ("visit", "pd:Behavioral"),
    ("click", "pd:Behavioral"),
    ("played", "pd:Behavioral"),
)

#: How a grant ended → status; a no that ends nothing is a refusal.
STATUS_OF_END = {"withdrawn": "dpv:ConsentWithdrawn", "expired": "dpv:ConsentExpired"}


def jurisdiction(profile: str) -> str:
    """Return the ISO 3166 code, or ``EU``, of a profile."""
    return JURISDICTIONS.get(profile, "EU")


def kind_of_data(described: str) -> str:
    """Return the category of personal data that a description names, or that of all of them."""
    lower = described.lower()
    return next((term for word, term in PERSONAL_DATA if word in lower), "dpv:PersonalData")


def status(record: dict[str, Any], choice: dict[str, Any]) -> str:
    """Return what became of the consent to one purpose.

    :param choice: of an exported record
    """
    if choice["granted"]:
        is_renewal = record["event"] == "renewed" and is_of_this_event(record, choice)
        return "dpv:RenewedConsentGiven" if is_renewal else "dpv:ConsentGiven"
    return STATUS_OF_END.get(how_it_ended(record, choice) or "", "dpv:ConsentRefused")


def how_it_ended(record: dict[str, Any], choice: dict[str, Any]) -> str | None:
    """Return ``withdrawn``, ``expired`` or None, for a choice that is a no."""
    if "ended" in choice:
        ended: str | None = choice["ended"]
        return ended
    # An export from before choices said so: what the whole decision was.
    event: str = record["event"]
    return event if event in STATUS_OF_END and is_of_this_event(record, choice) else None


def is_corrected(record: dict[str, Any]) -> bool:
    """Say whether the controller made this record, because another one says something wrong."""
    return record.get("corrects") is not None


def is_of_this_event(record: dict[str, Any], choice: dict[str, Any]) -> bool:
    """Say whether a choice was made by this record and not carried over."""
    if record["event"] == "expired":
        return bool(choice["expires_at"] <= record["recorded_at"])
    return bool(choice["decided_at"] == record["recorded_at"])
