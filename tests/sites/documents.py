"""Documents to test with: one that is complete, and as many random valid ones as wanted."""

import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import strategies as some

from consent_server.sites.document import SiteDocument, validate_document
from consent_server.sites.document.closed_lists import (
    COUNTRIES,
    NEVER_REQUIRED,
    REASONS,
    SHIPPED_CATEGORIES,
    STORE_KINDS,
)
from consent_server.sites.known_trackers import is_tracking_tool, tracker_named
from consent_server.sites.theme import contrast

ROOT = Path(__file__).parents[2]
TEXTS = ROOT / "consent_server/embed/texts"
SHIPPED = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(TEXTS.glob("*.json"))
}
BUILD = "b" * 43

MINIMAL: dict[str, Any] = {
    "site": "shop",
    "name": "Shop",
    "origins": ["https://shop.example"],
    "controller": {"name": "Shop SAS", "address": "Paris", "contact": "mailto:a@shop.example"},
    "authority": {"name": "CNIL", "url": "https://www.cnil.fr/fr/plaintes"},
    "storage_region": "FR",
    "policy": {"url": "https://shop.example/privacy", "version": "1"},
    "languages": {"default": "fr", "available": ["fr", "en"]},
    "categories": [
        {"id": "necessary", "required": True, "reason": "consent_choice"},
        {"id": "analytics"},
        {"id": "marketing"},
    ],
}

SERVICE: dict[str, Any] = {
    "id": "stats",
    "category": "analytics",
    "name": "Stats",
    "policy_url": "https://stats.example/privacy",
    "country": "FR",
    "data": ["pages visited"],
    "hosts": ["stats.example"],
    "stores": [{"name": "stats_*", "kind": "cookie", "lifetime": "P13M"}],
    "shared": False,
}


def a_document(**changes: Any) -> SiteDocument:
    """Return the minimal document with some keys replaced."""
    return validate_document(a_value(**changes))


def a_value(**changes: Any) -> dict[str, Any]:
    """Return the minimal document, as it is read from a file, with some keys replaced."""
    return {**copy.deepcopy(MINIMAL), **copy.deepcopy(changes)}


def a_service(**changes: Any) -> dict[str, Any]:
    """Return a complete service with some keys replaced."""
    return {**copy.deepcopy(SERVICE), **copy.deepcopy(changes)}


def with_value(value: dict[str, Any], path: tuple[str | int, ...], new: Any) -> dict[str, Any]:
    """Return a copy in which one place, that need not exist yet, holds another value."""
    changed: Any = copy.deepcopy(value)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = new
    return changed  # type: ignore[no-any-return]


IDS = some.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True)
WORDS = some.text(some.sampled_from("abcdeéñж 中0,.!?<>&'\""), min_size=1, max_size=40).filter(
    str.strip
)
MONTHS = some.integers(6, 12)
LIFETIMES = some.just("session") | some.integers(1, 25).map("P{}M".format)
COLOURS = some.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


def _is_visible(accent: str) -> bool:
    return contrast(accent, "#ffffff") >= 4.5


@some.composite
def values(draw: some.DrawFn) -> dict[str, Any]:
    """Draw a valid document as it is read from a file: every key that exists, used or not."""
    own = draw(some.lists(IDS, max_size=3, unique=True))
    optional = [name for name in (*SHIPPED_CATEGORIES[1:], *own) if name != "necessary"]
    optional = draw(some.lists(some.sampled_from(optional), max_size=5, unique=True))
    required = draw(some.sampled_from([["necessary"], ["necessary", "shop_basket"]]))
    required = [name for name in required if name not in {*optional, *NEVER_REQUIRED}]
    languages = draw(some.lists(some.sampled_from(sorted(SHIPPED)), min_size=1, unique=True))
    value = a_value(
        categories=[
            *({"id": name, "required": True, "reason": draw(_REASON)} for name in required),
            *({"id": name, **draw(_GPC)} for name in optional),
        ],
        languages={"default": draw(some.sampled_from(languages)), "available": languages},
        services=draw(_services(required, optional)),
        texts=draw(_texts([*required, *optional], languages)),
    )
    return {**value, **draw(_CHOICES)}


_REASON = some.sampled_from(REASONS)
_GPC = some.fixed_dictionaries({}, optional={"gpc": some.booleans()})
_GOOGLE = some.fixed_dictionaries(
    {"mode": some.sampled_from(["basic", "advanced", "off"])},
    optional={
        "regions": some.lists(some.sampled_from(["EEA", "FR", "US-CA"]), unique=True),
        "wait_for_update": some.integers(0, 10_000),
        "ads_data_redaction": some.booleans(),
        "url_passthrough": some.booleans(),
    },
).map(lambda google: {**google, "acknowledged": "Agreed with our DPO in March 2026."})
_CHOICES = some.fixed_dictionaries(
    {"name": WORDS, "storage_region": some.sampled_from(sorted(COUNTRIES))},
    optional={
        "profile": some.just("gdpr"),
        "reprompt_after": MONTHS.map("P{}M".format) | some.just("P1Y"),
        "cookie_domain": some.just("shop.example"),
        "on_withdrawal": some.sampled_from(["reload", "continue"]),
        "directed_to_children": some.just(False),
        "record_retention": some.integers(12, 24).map("P{}M".format) | some.just("P2Y"),
        "signals": some.fixed_dictionaries(
            {},
            optional={
                "google_consent_mode": some.sampled_from(["basic", "off"]) | _GOOGLE,
                "matomo": some.sampled_from(["on", "cookies", "off"]),
                "data_layer": some.sampled_from(["on", "off"]),
            },
        ),
        "theme": some.fixed_dictionaries(
            {},
            optional={
                "layout": some.sampled_from(["bar", "box", "centre"]),
                "accent": COLOURS.filter(_is_visible),
                "radius": some.integers(0, 24),
                "scheme": some.sampled_from(["auto", "light"]),
                "background_dark": COLOURS,
                "font": some.sampled_from(["site", "system"]),
                "text_size": some.sampled_from(["medium", "large"]),
            },
        ),
    },
)


@some.composite
def _services(draw: some.DrawFn, required: list[str], optional: list[str]) -> list[dict[str, Any]]:
    ids = draw(
        some.lists(IDS.filter(lambda name: not is_tracking_tool(name)), max_size=4, unique=True)
    )
    store = some.fixed_dictionaries(
        {
            "name": IDS.filter(lambda name: tracker_named(name) is None),
            "kind": some.sampled_from(STORE_KINDS),
            "lifetime": LIFETIMES,
        }
    )
    service = some.fixed_dictionaries(
        {
            "category": some.sampled_from([*required, *optional]),
            "name": WORDS,
            "country": some.sampled_from(sorted(COUNTRIES)),
            "data": some.lists(WORDS.map(str.strip), min_size=1, max_size=3, unique=True),
            "stores": some.lists(store, max_size=3),
            "shared": some.booleans(),
        }
    )
    whose = some.sampled_from(
        [
            {"policy_url": "https://vendor.example/privacy"},
            {"policy_url": "https://vendor.example/privacy", "hosts": ["cdn.example:8443"]},
            {"hosts": ["shop.example", "stats.shop.example:8443"]},
        ]
    )
    return [{"id": name, **draw(service), **draw(whose)} for name in ids]


@some.composite
def _texts(
    draw: some.DrawFn, categories: list[str], languages: list[str]
) -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for language in languages:
        slots = draw(some.fixed_dictionaries({}, optional={"title": WORDS, "intro": WORDS}))
        for name in categories:
            if name not in SHIPPED_CATEGORIES or draw(some.booleans()):
                slots[f"category.{name}.title"] = draw(WORDS)
                slots[f"category.{name}.text"] = draw(WORDS)
        texts[language] = slots
    return texts
