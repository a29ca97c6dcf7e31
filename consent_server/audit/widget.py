"""Find the widget of a page by its tag, and what its service has published for the site."""

import re
from typing import Any

from playwright.sync_api import Error, Page

from consent_server.audit.declared import Declared

_TAGS = """() => Array.from(document.querySelectorAll('script[src]'),
    ({src, dataset}) => ({src, site: dataset.site ?? ''}))"""
_SITE = re.compile(r"(?P<base>.*)/s/(?P<site>[a-z0-9-]{3,40})\.js(?:[?#]|$)")
_BUILD = re.compile(r"(?P<base>.*)/widget/[\w-]{43}\.js(?:[?#]|$)")


def find_published(page: Page) -> tuple[str, Declared] | None:
    """Return the service's address and what it has published, by the widget's tag on the page.

    None when no tag of the page leads to a service that has published its site.
    """
    for base, site in _candidates(page):
        published = _ask(page, f"{base}/v1/sites/{site}/bundle")
        if published is not None and published["bundle"].get("site") == site:
            return base, Declared(published["bundle"], "page", published["hash"])
    return None


def _candidates(page: Page) -> list[tuple[str, str]]:
    found = []
    for tag in page.evaluate(_TAGS):
        if match := _SITE.match(tag["src"]):
            found.append((match["base"], match["site"]))
        elif tag["site"] and (match := _BUILD.match(tag["src"])):
            found.append((match["base"], tag["site"]))
    return found


def _ask(page: Page, address: str) -> dict[str, Any] | None:
    """Ask as anybody may, and not through the page: its policy might forbid it."""
    try:
        answer = page.context.request.get(address, timeout=10_000)
        value = answer.json() if answer.ok else None
    except (Error, ValueError):
        return None
    is_ours = isinstance(value, dict) and isinstance(value.get("bundle"), dict) and "hash" in value
    return value if is_ours else None
