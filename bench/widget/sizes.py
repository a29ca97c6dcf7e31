"""How many bytes travel: the answer to ``/s/{site}.js`` of a real site, and what they are."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from heapq import nlargest
from operator import attrgetter
from pathlib import Path

import brotli
from flask import Flask

from bench.widget.site import SITE, site_document
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.schema import ensure_schema
from consent_server.sealing.publishing import publish_in_log
from consent_server.sites.document import validate_document

STATIC = Path(__file__).parents[2] / "consent_server" / "embed" / "static"
ORIGIN = "https://www.meadow.example"
ENCODINGS = {"raw": "identity", "gzip": "gzip", "brotli": "br"}
#: Services that are set up for one figure; odd.
TIMES = 5
#: In the order in which a part's share is counted: each compresses better for what comes before.
PARTS = ("code", "styles", "signals", "bundle", "texts")


@dataclass(frozen=True)
class Size:
    """One answer, in bytes."""

    languages: tuple[str, ...]
    raw: int
    gzip: int
    brotli: int
    #: Part → its bytes, and its share of the brotli answer.
    parts: Mapping[str, tuple[int, int]]


def measure_size(languages: tuple[str, ...]) -> Size:
    """Publish the site in these languages and measure its one script, as a browser receives it.

    Keys and times are those of a fresh service and compress a little better or worse: the middle
    of several is given.

    :param languages: those that do not ship yet are left out
    """
    there = tuple(tag for tag in languages if tag in artifacts().texts)
    return sorted((_measure(there) for _ in range(TIMES)), key=attrgetter("brotli"))[TIMES // 2]


def _measure(there: tuple[str, ...]) -> Size:
    with _service() as app:
        document = validate_document(site_document(there, ORIGIN))
        with app.app_context():
            notary = app.extensions["consent_notary"]
            publish_in_log(document, artifacts(), notary, datetime.now(UTC))
        client = app.test_client()
        bodies = {
            name: client.get(f"/s/{SITE}.js", headers={"Accept-Encoding": encoding}).data
            for name, encoding in ENCODINGS.items()
        }
    lengths = {name: len(body) for name, body in bodies.items()}
    return Size(languages=there, parts=_parts(bodies["raw"].decode()), **lengths)


def largest_language() -> Size:
    """Return the size in the one language that needs most bytes."""
    texts = artifacts().texts
    # Some texts do not travel at first, so the longest ones are measured as they do.
    longest = nlargest(
        3, texts, key=lambda tag: _brotli(json.dumps(texts[tag], ensure_ascii=False))
    )
    return max((measure_size((tag,)) for tag in longest), key=lambda size: size.brotli)


@contextmanager
def _service() -> Iterator[Flask]:
    with tempfile.TemporaryDirectory(prefix="consent-bench-") as folder:
        settings = {
            "CONSENT_DATA_DIR": folder,
            "CONSENT_PUBLIC_URL": "https://consent.example",
        }
        app = create_app(load_settings(settings))
        ensure_schema(app)
        yield app
        with app.app_context():
            db.engine.dispose()


def _parts(script: str) -> dict[str, tuple[int, int]]:
    """Divide a script: everything that is none of the other parts is code."""
    found: dict[str, list[str]] = {name: [] for name in PARTS}
    code = script
    for name, text in _known(script):
        if text in code:
            found[name].append(text)
            code = code.replace(text, "", 1)
    found["code"] = [code]
    shares: dict[str, tuple[int, int]] = {}
    before, counted = "", 0
    for name in PARTS:
        own = "".join(found[name])
        before += own
        total = _brotli(before)
        shares[name] = (len(own.encode()), total - counted)
        counted = total
    return shares


def _known(script: str) -> Iterator[tuple[str, str]]:
    """Yield part and text of what is found again in a script, as it stands there."""
    for path in STATIC.glob("styles/*.css"):
        rules = json.dumps(path.read_text(encoding="utf-8").strip(), ensure_ascii=False)
        # The site's theme follows in the same string.
        yield "styles", rules.strip('"')
    for path in STATIC.glob("signals/*.js"):
        yield "signals", path.read_text(encoding="utf-8").strip().rstrip(";")
    # What was published is the argument of the outermost call, the last thing in the script.
    bundle = script[script.rindex('({"') + 1 : script.rindex("}") + 1]
    start = bundle.index('"texts":')
    _, end = json.JSONDecoder().raw_decode(bundle, start + len('"texts":'))
    yield "texts", bundle[start:end]
    yield "bundle", bundle[:start] + bundle[end:]


def _brotli(text: str) -> int:
    return len(brotli.compress(text.encode(), mode=brotli.MODE_TEXT, quality=11))
