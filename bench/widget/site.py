"""The site that is measured: a shop with four vendors and three signals, as many have them."""

from typing import Any

SITE = "bench"
#: The languages of the two figures; one that does not ship yet is left out.
ONE = ("en",)
THREE = ("en", "fr", "de")


def site_document(languages: tuple[str, ...], origin: str) -> dict[str, Any]:
    """Return a complete site document.

    :param languages: the first one is the default
    :param origin: whose pages may record decisions
    """
    return {
        "site": SITE,
        "name": "Meadow & Sons",
        "origins": [origin],
        "controller": {
            "name": "Meadow & Sons Ltd",
            "address": "12 Orchard Lane, Dublin 2, Ireland",
            "contact": "mailto:privacy@meadow.example",
        },
        "authority": {
            "name": "Data Protection Commission",
            "url": "https://www.dataprotection.ie/en/individuals/raising-concern-commission",
        },
        "storage_region": "IE",
        "policy": {"url": "https://www.meadow.example/privacy", "version": "2026-03"},
        "languages": {"default": languages[0], "available": list(languages)},
        "categories": [
            {"id": "necessary", "required": True, "reason": "shopping_cart"},
            {"id": "functional"},
            {"id": "analytics"},
            {"id": "marketing"},
        ],
        "services": _SERVICES,
        "signals": {
            "google_consent_mode": "basic",
            "microsoft_uet": "on",
            "microsoft_clarity": "on",
        },
        "theme": {"layout": "bar", "accent": "#2c7a5f", "radius": 10},
    }


def _cookies(lifetime: str, *names: str) -> list[dict[str, str]]:
    return [{"name": name, "kind": "cookie", "lifetime": lifetime} for name in names]


_SERVICES: list[dict[str, Any]] = [
    {
        "id": "google-analytics",
        "name": "Google Analytics",
        "category": "analytics",
        "policy_url": "https://policies.google.com/privacy",
        "country": "US",
        "data": ["pages visited", "random visitor number", "device and browser"],
        "hosts": ["www.googletagmanager.com", "region1.google-analytics.com"],
        "stores": _cookies("P24M", "_ga", "_ga_*"),
        "shared": True,
    },
    {
        "id": "microsoft-clarity",
        "name": "Microsoft Clarity",
        "category": "analytics",
        "policy_url": "https://privacy.microsoft.com/privacystatement",
        "country": "US",
        "data": ["clicks and scrolling", "pages visited"],
        "hosts": ["www.clarity.ms", "scripts.clarity.ms"],
        "stores": _cookies("P12M", "_clck", "CLID") + _cookies("P1D", "_clsk"),
        "shared": True,
    },
    {
        "id": "google-ads",
        "name": "Google Ads",
        "category": "marketing",
        "policy_url": "https://policies.google.com/privacy",
        "country": "US",
        "data": ["advertisement clicked", "purchases"],
        "hosts": ["www.googletagmanager.com", "googleads.g.doubleclick.net"],
        "stores": _cookies("P90D", "_gcl_au", "_gcl_aw"),
        "shared": True,
    },
    {
        "id": "microsoft-advertising",
        "name": "Microsoft Advertising",
        "category": "marketing",
        "policy_url": "https://privacy.microsoft.com/privacystatement",
        "country": "US",
        "data": ["advertisement clicked", "purchases"],
        "hosts": ["bat.bing.com"],
        "stores": _cookies("P13M", "_uetvid") + _cookies("P1D", "_uetsid"),
        "shared": True,
    },
]
