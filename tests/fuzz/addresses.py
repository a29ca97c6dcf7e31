"""Requests without a body that were good before their path, query or headers were changed."""

import random
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from tests.builders import ORIGIN, VISITOR, bundle_hash, widget_build
from tests.fuzz.filled import OPERATOR

#: What takes the place of a value, as bytes of an address: percent signs are written as they are.
ODD = [
    *("", "0", "1", "-1", "+1", "01", "1.0", "1e3", "true", "null", "NaN", "%30", "%D9%A1", "1%00"),
    *("9007199254740991", "9007199254740992", "9223372036854775807", "9223372036854775808"),
    *(
        "9" * 15,
        "9" * 16,
        "9" * 17,
        "9" * 400,
        "0x10",
        "1_0",
        "%20",
        "%0a",
        "%00",
        "%ff",
        "%ed%a0%80",
    ),
    *(
        "%E2%80%AE",
        "e%CC%81",
        "%C3%A9",
        "%F0%9F%98%80",
        "%",
        "%zz",
        "%25",
        "%2e%2e",
        "..",
        "%2f",
        "*",
    ),
    *(
        "%5c",
        "'",
        "%27%20OR%201=1--",
        "%3Cscript%3E",
        "demo",
        "other",
        "unknown",
        "DEMO",
        "a" * 300,
    ),
    *(
        "2026-11-22T20:00:00Z",
        "2026-11-22T20:00:00%2B00:00",
        "2026-11-22T20:00:00+00:00",
        "2026-11-22",
    ),
    *("0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00Z"),
    *("2016-12-31T23:59:60Z", "2026-02-30T00:00:00Z", "1969-12-31T23:59:59.999999999Z"),
    *("9999-12-31T23:59:59.999999Z", "%D9%A2026-11-22T20:00:00Z", "json", "csv", "jsonl", "html"),
    *(
        "jsonld",
        "kantara",
        "jwt",
        "counts",
        "subjects",
        "decisions",
        "given",
        "withdrawn",
        "0" * 22,
    ),
]
HEADERS = [
    "",
    VISITOR,
    VISITOR[:-1],
    VISITOR + "A",
    "A" * 22,
    "=" * 22,
    "\xff" * 22,
    "null",
    "é" * 22,
]

#: Routes that take nothing.
ALONE = [
    *(".well-known/jwks.json", ".well-known/gpc.json", "healthz", "readyz"),
    *("docs", "docs/style.css", "openapi.json"),
]


@dataclass
class Asked:
    """A request as it is sent."""

    method: str
    #: Parts of the path, between its slashes.
    path: list[str]
    query: list[tuple[str, str]] = field(default_factory=list)
    #: Scope of the key that it carries, or None for a page of the site.
    scope: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Path and query, as they are in a request line."""
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return "/".join(["", *self.path]) + (f"?{query}" if self.query else "")


def good_ones(service: Any) -> list[Asked]:
    """Return a request for each route, most of which are answered 200."""
    page = {"Origin": ORIGIN, "Consent-Id": VISITOR}
    site = ["v1", "sites", "demo"]
    span = [("from", "2026-11-22T00:00:00Z"), ("to", "2026-11-23T00:00:00Z"), ("event", "given")]
    span += [("bundle", bundle_hash()), ("level", "subjects"), ("why", "an audit")]
    span = [(name, quote(value)) for name, value in span]
    token = [("site", "demo"), ("token", service.token), ("category", "analytics")]
    return [
        Asked("GET", [*site, "consents"], [*span, ("limit", "2")], "export"),
        Asked("GET", [*site, "export"], [("format", "csv"), *span], "export"),
        Asked("GET", [*site, "export"], [("format", "jsonl"), ("checkpoint", "4")], "export"),
        Asked("GET", ["v1", "check"], [*token, ("at", "2026-11-22T20:00:00Z")], "check"),
        Asked("GET", ["s", "demo.js"]),
        Asked("GET", ["widget", f"{widget_build()}.js"]),
        Asked("GET", [*site, "bundle"]),
        Asked("GET", [*site, "me"], [("format", "csv")], headers=page),
        Asked("DELETE", [*site, "me"], [("n", "1")], headers={**page, "Consent-Id": "A" * 22}),
        Asked("GET", [*site, "me", "receipt"], [("record", service.record)], headers=page),
        Asked("GET", [*site, "log", "checkpoint"], [("witnessed", "false")]),
        Asked("GET", [*site, "log", "tile", "0", "000.p", "3"], [], "export"),
        Asked("GET", [*site, "log", "tile", "entries", "000.p", "3"], [], "export"),
        Asked("GET", [*site, "consents", service.record, "proof"], [("format", "json")], "export"),
        Asked("GET", [*site, "trail"], [("after", "0"), ("limit", "5")], "admin"),
        Asked("GET", [*site, "log", "key"]),
        Asked("GET", [*site, "log", "handovers"]),
        Asked("GET", ["metrics"], headers={"Authorization": f"Bearer {OPERATOR}"}),
        *(Asked("GET", path.split("/")) for path in ALONE),
    ]


class Addresses:
    """Draws requests, most of them changed in one or two places."""

    def __init__(self, dice: random.Random, service: Any):
        self._dice = dice
        self._good = good_ones(service)
        self._ways = [self._part, self._value, self._value, self._value, self._names, self._header]

    def one(self) -> Asked:
        """Return a request; one in twelve is a good one."""
        dice, good = self._dice, self._dice.choice(self._good)
        asked = Asked(good.method, [*good.path], [*good.query], good.scope, {**good.headers})
        for _ in range(dice.choice([0, *[1] * 7, *[2] * 4])):
            dice.choice(self._ways)(asked)
        return asked

    def _part(self, asked: Asked) -> None:
        at = self._dice.randrange(len(asked.path))
        part = asked.path[at]
        near = [part + "%00", part + "/", part.swapcase(), part[:-1], part[::-1], f"{part};a=b"]
        asked.path[at] = self._dice.choice([*near, *ODD])

    def _value(self, asked: Asked) -> None:
        if not asked.query:
            self._part(asked)
            return
        at = self._dice.randrange(len(asked.query))
        name, value = asked.query[at]
        near = [value + "%00", f"%20{value}", value[:-1], value.swapcase(), value + value]
        asked.query[at] = (name, self._dice.choice([*near, *ODD, *ODD]))

    def _names(self, asked: Asked) -> None:
        """Drop, double, add or rename a parameter."""
        if asked.query and self._dice.randrange(3):
            asked.query.remove(self._dice.choice(asked.query))
        names = ["site", "limit", "cursor", "after", "n", "format", "at", "", "%00", "a", "level[]"]
        names += [name for name, _ in asked.query]
        if self._dice.randrange(2):
            asked.query.append((self._dice.choice(names), self._dice.choice(ODD)))

    def _header(self, asked: Asked) -> None:
        name = self._dice.choice(["Consent-Id", "Origin", "Accept", "Range", "If-None-Match"])
        odd = [*HEADERS, "bytes=0-1", "*", '"x"', ORIGIN, "null", "text/html", "a" * 5000]
        asked.headers = {**asked.headers, name: self._dice.choice(odd)}
