"""The texts of a bundle in the language in which a record was made."""

from typing import Any

Bundle = dict[str, Any]
Record = dict[str, Any]


def language_of(record: Record, bundle: Bundle) -> str:
    """Return the language shown, or the site's default where the bundle does not have it."""
    languages = bundle["languages"]
    language: str = record["language"]
    return language if language in languages["available"] else languages["default"]


def texts_of(record: Record, bundle: Bundle) -> dict[str, str]:
    """Return slot → text in that language, as the bundle froze them."""
    texts: dict[str, str] = bundle["texts"][language_of(record, bundle)]
    return texts


def how_to_withdraw(texts: dict[str, str]) -> str:
    """Return the sentence that says how, naming the controls as they are called on the page."""
    return texts["withdraw_how"].format_map(texts)


def services_of(bundle: Bundle, category: str) -> list[dict[str, Any]]:
    """Return the services of a category."""
    return [service for service in bundle["services"] if service["category"] == category]


def is_run_by_others(service: dict[str, Any], bundle: Bundle) -> bool:
    """Say whether somebody else than the site answers for a service: it has a policy of its own."""
    return bool(service["policy_url"] != bundle["policy"]["url"])


def is_web_address(contact: str) -> bool:
    """Say whether a way to reach somebody is a page, and not a mail address or plain words."""
    return contact.startswith(("https://", "http://"))


def optional_categories(bundle: Bundle) -> list[str]:
    """Return what was asked for, in the order of the bundle."""
    return [category["id"] for category in bundle["categories"] if not category["required"]]


def required_categories(bundle: Bundle) -> list[str]:
    """Return what was told and not asked for, in the order of the bundle."""
    return [category["id"] for category in bundle["categories"] if category["required"]]
