"""The tags of a page that load something, marked or not: as they were sent, and as they stand."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from urllib.parse import urljoin

#: Elements that the widget holds back, with the attributes that make them load.
LOADING = {
    "script": ("src",),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "track": ("src",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "link": ("href",),
}
#: A link of another kind loads nothing.
LOADING_LINKS = {
    *("stylesheet", "preload", "modulepreload", "prefetch", "preconnect", "dns-prefetch"),
    *("prerender", "icon", "manifest"),
}


@dataclass(frozen=True)
class Tag:
    """One element that loads something, or is marked."""

    name: str
    #: What it is marked with; None when it is not marked.
    category: str | None = None
    service: str | None = None
    #: Absolute addresses that it loads at once.
    live: tuple[str, ...] = ()
    #: Absolute addresses that wait in ``data-src`` and its like, or behind the type of a script.
    held: tuple[str, ...] = ()
    #: Only for browsers without scripts.
    in_noscript: bool = False

    @property
    def categories(self) -> list[str]:
        """Return the categories that it names, without the sign of the opposite."""
        return [word.removeprefix("!") for word in (self.category or "").split()]

    def shown(self) -> str:
        """Return how a person finds it in the source."""
        words = [self.name]
        words += [f'data-category="{self.category}"'] if self.category is not None else []
        words += [f'data-service="{self.service}"'] if self.service is not None else []
        for address in (*self.live, *self.held)[:1]:
            words.append(address if len(address) <= 100 else f"{address[:99]}…")
        return f"<{' '.join(words)}>"


def read_tag(name: str, attributes: Mapping[str, str], base: str) -> Tag | None:
    """Read one element; None when it neither loads anything nor is marked.

    :param attributes: by lower-case names
    """
    category = attributes.get("data-category")
    if name != "template" and name not in LOADING:
        return None
    kinds = set(attributes.get("rel", "").lower().split())
    if name == "link" and category is None and not kinds & LOADING_LINKS:
        return None
    live = _addresses(attributes, LOADING.get(name, ()), base)
    held = _addresses(attributes, [f"data-{at}" for at in LOADING.get(name, ())], base)
    if name == "script" and attributes.get("type", "").strip().lower() == "text/plain":
        live, held = (), held or live
    if category is None and not live:
        return None
    return Tag(name, category, attributes.get("data-service"), live, held)


def tags_of_html(html: str, base: str) -> list[Tag]:
    """Read the tags of a page as it was sent, frames that the widget has taken out included."""
    reader = _Reader(base)
    reader.feed(html)
    reader.close()
    return reader.tags


def _addresses(attributes: Mapping[str, str], names: Iterable[str], base: str) -> tuple[str, ...]:
    found = []
    for name in names:
        value = attributes.get(name, "").strip()
        values = [part.split()[0] for part in value.split(",") if part.split()]
        for one in values if name.endswith("srcset") else [value][: bool(value)]:
            # an address that is none loads nothing
            with suppress(ValueError):
                found.append(urljoin(base, one))
    return tuple(found)


class _Reader(HTMLParser):
    def __init__(self, base: str):
        super().__init__()
        self.tags: list[Tag] = []
        self._base = base
        self._noscript = 0
        #: What is in a template loads nothing by itself.
        self._templates = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "base" and attributes.get("href"):
            self._base = urljoin(self._base, attributes["href"])
        if tag == "noscript":
            self._noscript += 1
        if not self._templates and (read := read_tag(tag, attributes, self._base)):
            self.tags.append(replace(read, in_noscript=self._noscript > 0))
        if tag == "template":
            self._templates += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "noscript":
            self._noscript = max(self._noscript - 1, 0)
        if tag == "template":
            self._templates = max(self._templates - 1, 0)
