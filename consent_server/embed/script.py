"""The one script response: widget build, bundle and keys in one file, compressed beforehand."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import brotli
import orjson

from consent_server.columns import rfc3339
from consent_server.embed.slots import LATER, short_name
from consent_server.errors import ConsentError, RowUnreadable
from consent_server.ledger.canonical import digest
from consent_server.sites import written_out
from consent_server.sites.looking import build_for_pages
from consent_server.sites.models import Publication
from consent_server.sites.service import bundle_of
from consent_server.sites.widget import AT_ONCE


class WidgetUnknown(ConsentError):
    """No widget build with this hash was ever published here."""

    status = 404
    reason = "widget_unknown"

    def __init__(self) -> None:
        super().__init__("no widget build with this hash was published here")


@dataclass(frozen=True)
class StaticFile:
    """One file in the encodings in which it travels."""

    identity: bytes
    gzip: bytes
    brotli: bytes
    #: Hash of the uncompressed bytes; the encoding is added to make the ETag.
    hash: str

    def encoded(self, encoding: str) -> bytes:
        """Return the bytes in ``br``, ``gzip`` or ``identity``."""
        return {"br": self.brotli, "gzip": self.gzip, "identity": self.identity}[encoding]


@lru_cache(maxsize=512)
def static_file(content: bytes) -> StaticFile:
    """Compress bytes once for all who ask; gzip without a time stamp, so equal everywhere."""
    return StaticFile(
        identity=content,
        gzip=gzip.compress(content, 9, mtime=0),
        brotli=_smallest_brotli(content),
        hash=digest(content),
    )


def _smallest_brotli(content: bytes) -> bytes:
    """Return the shorter of two encodings: which model of the text fits turns on single bytes."""
    models = brotli.MODE_TEXT, brotli.MODE_FONT
    return min((brotli.compress(content, mode=mode, quality=11) for mode in models), key=len)


def published(publication: Publication, keys: list[dict[str, str]]) -> dict[str, Any]:
    """Return what a widget needs to know about its site, the same for every visitor.

    :param keys: JWKs with which the widget verifies tokens
    """
    bundle = bundle_of(publication)
    return {
        "hash": publication.bundle_hash,
        "build": bundle["build"],
        "published_at": rfc3339(publication.published_at),
        "bundle": bundle,
        "keys": keys,
    }


def site_script(publication: Publication, keys: list[dict[str, str]]) -> StaticFile:
    """Return the one script of a site: exactly the published build, applied to its bundle.

    Wrapped in a function call, so that it leaves no global behind but the widget's own.

    :param keys: only those that sign or signed; a page that meets a newer one fetches all of them
    :raises RowUnreadable: the database does not hold the build that the bundle names
    """
    kids = tuple(key["kid"] for key in keys)
    cached = _scripts.get((publication.site_id, publication.bundle_hash, kids))
    if cached is not None:
        return cached
    build = build_for_pages(bundle_of(publication)["build"])
    if build is None:
        raise RowUnreadable  # the bundle was changed, or the row of its build is gone
    made = static_file(applied(build, published(publication, keys)))
    if len(_scripts) >= MOST_SCRIPTS:
        _scripts.pop(next(iter(_scripts)), None)
    _scripts[publication.site_id, publication.bundle_hash, kids] = made
    return made


def applied(build: bytes, known: Mapping[str, Any]) -> bytes:
    """Return a build, applied to what a widget needs to know about its site.

    :param known: see :func:`published`
    """
    data = orjson.dumps(_for_page(known))
    # </script and <!-- end a script element when a site inlines the file; both stay valid JSON.
    data = data.replace(b"<", b"\\u003c")
    return b"%b!function(CONSENT_SITE){%b\n}(%b);\n" % (AT_ONCE, build.removeprefix(AT_ONCE), data)


#: Keys of a bundle that no widget reads: its format, the build that is there already and has the
#: theme in it, what the service alone needs, names that only documents have, and what is said with
#: the late texts, from the bundle apart. What is false is not left out: a page whose prototypes say
#: that things are required would be believed.
NOT_FOR_PAGES = frozenset({"v", "build", "name", "profile", "theme", "restricted_proof"})


def _for_page(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a widget needs in its script: the same bundle, its texts under short names and
    without those that are fetched when they have to be said."""
    bundle = known["bundle"]
    texts = {
        tag: {
            short_name(slot): text
            for slot, text in slots.items()
            if slot not in LATER and not slot.startswith("data.")
        }
        for tag, slots in bundle["texts"].items()
    }
    rest = {name: value for name, value in known.items() if name != "published_at"}
    asked = {name: value for name, value in bundle.items() if name not in NOT_FOR_PAGES}
    services = [{**one, **_listed(one, bundle["texts"])} for one in bundle["services"]]
    return {**rest, "bundle": {**asked, "services": services, "texts": texts}}


def _listed(
    service: Mapping[str, Any], texts: Mapping[str, Mapping[str, str]]
) -> dict[str, str | dict[str, str]]:
    """Return a service's lists as they are shown: one text where all languages have the same.

    Nothing for a bundle whose texts do not list them: its widget does it.
    """
    slot = f"data.{service['id']}"
    data = {tag: slots[slot] for tag, slots in texts.items() if slot in slots}
    hosts = {tag: written_out.listed(tag, service["hosts"]) for tag in data}
    return {
        name: told if len(set(told.values())) > 1 else next(iter(told.values()))
        for name, told in (("data", data), ("hosts", hosts))
        if told
    }


#: Scripts that a process keeps ready.
MOST_SCRIPTS = 512
_scripts: dict[tuple[str, str, tuple[str, ...]], StaticFile] = {}
