"""The looks to click through: one published site for each, and the languages to see them in."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from consent_server.embed.shipped import artifacts
from consent_server.sealing.notary import Notary
from consent_server.sealing.publishing import publish_in_log
from consent_server.sites.document import load_document, validate_document
from consent_server.sites.errors import NothingToPublish

#: What the address of a page and the id of its site end with, and its theme.
LOOKS: dict[str, dict[str, Any]] = {
    "bar": {"layout": "bar"},
    "bar-top": {"layout": "bar", "position": "top", "accent": "#0f766e"},
    "box": {"layout": "box"},
    "box-end": {"layout": "box", "position": "bottom-end", "radius": 20, "accent": "#9d174d"},
    "centre": {"layout": "centre"},
    "plain": {"layout": "centre", "radius": 0, "accent": "#111111", "font": "system"},
    "large": {"layout": "bar", "text_size": "large"},
    "light": {"layout": "box", "scheme": "light"},
    "dark": {"layout": "box", "scheme": "dark", "accent_dark": "#ffb454"},
    "sand": {"layout": "bar", "background": "#f6efe2", "accent": "#8a3b12", "radius": 4},
}
LANGUAGES = ("en", "fr", "de", "fi", "el", "hu", "mt", "uk", "ar")
RIGHT_TO_LEFT = ("ar",)


def site_of(look: str) -> str:
    """Return the id of the site that has a look."""
    return f"demo-{look}"


def publish_looks(text: str, notary: Notary, now: datetime) -> None:
    """Publish a site for each look, unless it is published.

    :param text: the demo's own document; they differ from it in looks and languages
    """
    own = load_document(text, artifacts().texts).as_dict()
    languages = {"default": LANGUAGES[0], "available": list(LANGUAGES)}
    for look, theme in LOOKS.items():
        changes = {"site": site_of(look), "languages": languages, "theme": theme, "texts": {}}
        with suppress(NothingToPublish):
            publish_in_log(validate_document({**own, **changes}), artifacts(), notary, now)
