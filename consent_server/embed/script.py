"""The one script response: widget build, bundle and keys in one file, compressed beforehand."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import brotli
import orjson

from consent_server.db import rfc3339
from consent_server.embed.slots import short_name
from consent_server.errors import ConsentError
from consent_server.ledger.canonical import digest
from consent_server.sites.models import Publication
from consent_server.sites.service import bundle_of, widget_build


class WidgetUnknown(ConsentError):
    """No widget build with this hash was ever published here."""

    status = 404
    reason = "widget_unknown"

    def __init__(self) -> None:
        super().__init__("no widget build with this hash was published here")


class BuildMissing(RuntimeError):
    """A published bundle names a widget build that the database does not hold."""


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
        brotli=brotli.compress(content, mode=brotli.MODE_TEXT, quality=11),
        hash=digest(content),
    )


def published(publication: Publication, keys: list[dict[str, str]]) -> dict[str, Any]:
    """Return what a widget needs to know about its site, the same for every visitor.

    :param keys: JWKs with which the widget verifies tokens
    """
    bundle = bundle_of(publication)
    names = ("kty", "crv", "kid", "x")
    return {
        "hash": publication.bundle_hash,
        "build": bundle["build"],
        "published_at": rfc3339(publication.published_at),
        "bundle": bundle,
        "keys": [{name: key[name] for name in names} for key in keys],
    }


def site_script(publication: Publication, keys: list[dict[str, str]]) -> StaticFile:
    """Return the one script of a site: exactly the published build, applied to its bundle.

    Wrapped in a function call, so that it leaves no global behind but the widget's own.
    """
    kids = tuple(key["kid"] for key in keys)
    cached = _scripts.get((publication.site_id, publication.bundle_hash, kids))
    if cached is not None:
        return cached
    build = widget_build(bundle_of(publication)["build"])
    if build is None:
        raise BuildMissing(bundle_of(publication)["build"])
    data = orjson.dumps(_for_page(published(publication, keys)))
    # </script and <!-- end a script element when a site inlines the file; both stay valid JSON.
    data = data.replace(b"<", b"\\u003c")
    made = static_file(b"!function(CONSENT_SITE){" + build.source + b"\n}(" + data + b");\n")
    if len(_scripts) >= MOST_SCRIPTS:
        _scripts.pop(next(iter(_scripts)), None)
    _scripts[publication.site_id, publication.bundle_hash, kids] = made
    return made


#: Keys of a bundle that no widget reads: its format, the build that is there already, what the
#: service alone needs, and names that only documents have.
NOT_FOR_PAGES = frozenset({"v", "build", "name", "profile"})


def _for_page(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a widget needs in its script: the same bundle, its texts under short names."""
    bundle = known["bundle"]
    texts = {
        tag: {short_name(slot): text for slot, text in slots.items()}
        for tag, slots in bundle["texts"].items()
    }
    rest = {name: value for name, value in known.items() if name != "published_at"}
    asked = {name: value for name, value in bundle.items() if name not in NOT_FOR_PAGES}
    return {**rest, "bundle": {**asked, "texts": texts}}


#: Scripts that a process keeps ready.
MOST_SCRIPTS = 512
_scripts: dict[tuple[str, str, tuple[str, ...]], StaticFile] = {}
