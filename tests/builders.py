"""Things to test with: a complete site document, the bundle it becomes, a valid decision."""

import copy
import secrets
from functools import lru_cache
from typing import Any

from consent_server.embed.shipped import artifacts
from consent_server.ledger.canonical import canonical, digest
from consent_server.sites.bundle import build_bundle
from consent_server.sites.document import SiteDocument, validate_document

ORIGIN = "https://shop.example"
OTHER_ORIGIN = "https://other.example"
#: Two consent ids as a browser makes them, 128 bits.
VISITOR = "AAECAwQFBgcICQoLDA0ODw"
OTHER_VISITOR = "EBESExQVFhcYGRobHB0eHw"

DOCUMENT: dict[str, Any] = {
    "site": "demo",
    "name": "Demo shop",
    "origins": [ORIGIN, "https://*.shop.example"],
    "controller": {"name": "Shop SAS", "address": "Paris", "contact": "mailto:a@shop.example"},
    "authority": {"name": "CNIL", "url": "https://www.cnil.fr/fr/plaintes"},
    "storage_region": "FR",
    "policy": {"url": "https://shop.example/privacy", "version": "2026-03"},
    "languages": {"default": "fr", "available": ["fr", "en"]},
    "categories": [
        {"id": "necessary", "required": True, "reason": "consent_choice"},
        {"id": "functional"},
        {"id": "analytics"},
        {"id": "marketing"},
    ],
    "services": [
        {
            "id": "stats",
            "name": "Stats",
            "category": "analytics",
            "policy_url": "https://stats.example/privacy",
            "country": "FR",
            "data": ["pages visited"],
            "hosts": ["stats.example"],
            "stores": [
                {"name": "stats_*", "kind": "cookie", "lifetime": "P13M"},
                {"name": "stats", "kind": "local_storage", "lifetime": "P13M"},
            ],
            "shared": False,
        },
        {
            "id": "video",
            "name": "Video",
            "category": "marketing",
            "policy_url": "https://video.example/privacy",
            "country": "FR",
            "data": ["videos played"],
            "hosts": ["video.example"],
            "stores": [{"name": "video_id", "kind": "cookie", "lifetime": "P6M"}],
            "shared": True,
        },
    ],
}
OPTIONAL = ("functional", "analytics", "marketing")
ALL = dict.fromkeys(OPTIONAL, True)
NONE = dict.fromkeys(OPTIONAL, False)
CHANGED_TEXT = {"en": {"category.analytics.text": "We count page views, and how long you stay."}}


def a_value(site: str = "demo", **changes: Any) -> dict[str, Any]:
    """Return a complete document, as it is read from a file, with some keys replaced."""
    return {**copy.deepcopy(DOCUMENT), "site": site, **copy.deepcopy(changes)}


def a_document(site: str = "demo", **changes: Any) -> SiteDocument:
    """Return a complete, valid document with some keys replaced."""
    return validate_document(a_value(site, **changes))


def a_service(id_: str, category: str, *stores: dict[str, Any]) -> dict[str, Any]:
    """Return a complete service that keeps these stores on the device."""
    video = DOCUMENT["services"][1]
    return {**video, "id": id_, "name": id_, "category": category, "stores": list(stores)}


def bundle_hash(site: str = "demo", **changes: Any) -> str:
    """Return the hash of the first bundle of a site."""
    document = a_document(site, **changes)
    build = artifacts().widget.digest_for(document)
    return digest(canonical(build_bundle(document, artifacts().texts, build, None)))


@lru_cache
def widget_build(layout: str = "bar") -> str:
    """Return the name of the build that sites of a layout and without signals run."""
    return artifacts().widget.digest_for(a_document(theme={"layout": layout}))


def new_key() -> str:
    """Return a fresh idempotency key."""
    return secrets.token_urlsafe(16)


def a_decision(**changes: Any) -> dict[str, Any]:
    """Return the body of a valid partial grant on the first bundle, with some keys replaced.

    A change to ``...`` (Ellipsis) leaves the key out.
    """
    body = {
        "idempotency_key": new_key(),
        "action": "save",
        "method": "banner",
        "categories": {"functional": False, "analytics": True, "marketing": False},
        "services": {},
        "consent_id": VISITOR,
        "n": 1,
        "bundle": bundle_hash(),
        "build": widget_build(),
        "language": "fr",
        "gpc": False,
        "trusted": True,
        **changes,
    }
    return {name: value for name, value in body.items() if value is not ...}


def acceptance(n: Any = 1, **changes: Any) -> dict[str, Any]:
    """Return the body of "accept all"."""
    return a_decision(**{"action": "accept_all", "categories": ALL, "n": n, **changes})


def withdrawal(n: Any, **changes: Any) -> dict[str, Any]:
    """Return the body of "withdraw all"."""
    return a_decision(**{"action": "withdraw", "categories": NONE, "n": n, **changes})


def refusal(**changes: Any) -> dict[str, Any]:
    """Return the body of a refusal by a visitor who never granted anything."""
    body = {"action": "reject_all", "categories": NONE, "consent_id": ..., "n": ...}
    return a_decision(**{**body, **changes})
