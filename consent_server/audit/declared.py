"""What a site says that it contacts and stores, in the shape in which it is published."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from consent_server.audit.observed import Stored
from consent_server.sites.origins import is_allowed

#: What the widget itself keeps on the device (docs/embed.md).
OF_THE_WIDGET = {
    "cookie": {"consent_state", "consent_token"},
    "local_storage": {"consent_press", "consent_queue_*", "consent_used", "consent_policy"},
}


@dataclass(frozen=True)
class Service:
    """One vendor or tool of the document."""

    id: str
    name: str
    category: str
    is_required: bool
    hosts: Sequence[str]
    #: (kind, pattern, whether it is declared as HttpOnly)
    stores: Sequence[tuple[str, str, bool]]

    def keeps(self, stored: Stored) -> bool:
        """Say whether this is one of the stores that the service declares."""
        return any(
            kind == stored.kind and _matches(pattern, stored) for kind, pattern, _ in self.stores
        )

    def knows_as_http_only(self, stored: Stored) -> bool:
        """Say whether the document says that no script can delete this."""
        return any(
            http_only and kind == stored.kind and _matches(pattern, stored)
            for kind, pattern, http_only in self.stores
        )


@dataclass(frozen=True)
class Declared:
    """A site's bundle, and where it was found."""

    bundle: Mapping[str, Any]
    #: ``page``: what the widget of the page has published. ``database``, ``file``: as named.
    source: str
    #: Hash of the bundle; None for a file that is not published.
    hash: str | None = None
    #: Patterns of origins, where they are known: they are never published.
    origins: Sequence[str] = ()

    @property
    def site(self) -> str:
        """Return the site's id."""
        return str(self.bundle["site"])

    @cached_property
    def required(self) -> frozenset[str]:
        """Return the categories that need no consent."""
        return frozenset(item["id"] for item in self.bundle["categories"] if item["required"])

    @cached_property
    def optional(self) -> list[str]:
        """Return the categories that visitors are asked for."""
        return [item["id"] for item in self.bundle["categories"] if not item["required"]]

    @cached_property
    def services(self) -> list[Service]:
        """Return every service, in the document's order."""
        return [
            Service(
                item["id"],
                item.get("name") or item["id"],
                item["category"],
                item["category"] in self.required,
                tuple(item.get("hosts") or ()),
                tuple(
                    (store["kind"], store["name"], bool(store.get("http_only")))
                    for store in item.get("stores") or ()
                ),
            )
            for item in self.bundle["services"]
        ]

    def service(self, id_: str) -> Service | None:
        """Return a service by its id."""
        return next((one for one in self.services if one.id == id_), None)

    def contacting(self, host: str) -> list[Service]:
        """Return the services that declare a host."""
        return [one for one in self.services if host in one.hosts]

    def keeping(self, stored: Stored) -> list[Service]:
        """Return the services that declare a store."""
        return [one for one in self.services if one.keeps(stored)]

    def words(self, slot: str) -> list[str]:
        """Return a text of the widget in each language of the site."""
        texts: Mapping[str, Mapping[str, str]] = self.bundle["texts"]
        return sorted({slots[slot] for slots in texts.values() if slot in slots})

    @property
    def reloads(self) -> bool:
        """Say whether a page is loaded anew when its scripts have lost their consent."""
        return self.bundle.get("on_withdrawal") != "continue"

    def is_own(self, url: str) -> bool:
        """Say whether an address is on one of the site's origins, as far as they are known."""
        parts = urlsplit(url)
        scheme = {"ws": "http", "wss": "https"}.get(parts.scheme, parts.scheme)
        return is_allowed(f"{scheme}://{parts.netloc}", self.origins)


def is_of_the_widget(stored: Stored) -> bool:
    """Say whether the widget itself keeps this."""
    return any(_matches(pattern, stored) for pattern in OF_THE_WIDGET.get(stored.kind, ()))


def _matches(pattern: str, stored: Stored) -> bool:
    """Match as the widget does when it deletes: a worker by its address or the path of it."""
    names = [stored.name]
    if stored.kind == "worker":
        names.append(urlsplit(stored.name).path)
    expression = ".*".join(map(re.escape, pattern.split("*")))
    return any(re.fullmatch(expression, name, re.DOTALL) for name in names)
