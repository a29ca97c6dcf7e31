"""The ways in which a service can be broken, and what comes back in each."""

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

#: Every mode in which the service is broken. "refused", "black hole", "slow" and "bad TLS" are
#: those of the connection; the others answer something.
MODES = [
    "refused",
    "black hole",
    "slow",
    "500",
    "404",
    "HTML",
    "truncated",
    "empty",
    "50 MiB",
    "wrong MIME",
    "bad TLS",
    "garbage",
    "future",
]
#: Modes in which nothing comes while the page waits.
SILENT = ["black hole", "slow"]
PORTAL = b"<!doctype html><title>Portal</title><h1>Please log in to this network</h1>"
#: Valid as JavaScript and as JSON, and all of 50 MiB.
HUGE = b" " * (50 * 1024 * 1024) + b"{}"
JAVASCRIPT = "text/javascript"
OPEN_TO_ALL = {"Access-Control-Allow-Origin": "*"}
#: What a later version might publish: everything has another shape or another name.
FUTURE = {
    "hash": "f" * 43,
    "build": "f" * 43,
    "keys": {"2030": {"kty": "AKP"}},
    "bundle": {
        "v": 2,
        "site": {"id": "demo"},
        "revision": "2030-01-01",
        "purposes": [{"id": "analytics", "granted": True}],
        "categories": {"analytics": {"required": True}},
        "services": {"tracker": {"category": "analytics"}},
        "languages": ["en"],
        "texts": {"en": ["Hello"]},
        "signals": [],
        "reprompt_after": 365,
    },
}
#: A configuration that a broken proxy or disk might leave.
GARBAGE = {"hash": None, "bundle": {"categories": [None, 7, "analytics"], "texts": "\u0000"}}


class Asked(NamedTuple):
    """One request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Answer(NamedTuple):
    """What goes back; the length that is announced may be another than that of the body."""

    status: int
    kind: str
    body: bytes
    headers: Mapping[str, str] = MappingProxyType({})
    announced: int | None = None


#: Takes the request and the answer of the real service, gives the broken answer.
Spoil = Callable[[Asked, Answer], Answer]


def _cut(asked: Asked, true: Answer) -> Answer:
    return true._replace(body=true.body[: len(true.body) // 2], announced=len(true.body))


def _wrong_kind(asked: Asked, true: Answer) -> Answer:
    return true._replace(
        kind="text/plain", headers={**true.headers, "X-Content-Type-Options": "nosniff"}
    )


STATIC = {
    "500": Answer(500, "text/html", b"<h1>Internal Server Error</h1>"),
    "404": Answer(404, "text/html", b"<h1>Not Found</h1>"),
    "HTML": Answer(200, "text/html; charset=utf-8", PORTAL, OPEN_TO_ALL),
    "empty": Answer(200, JAVASCRIPT, b"", OPEN_TO_ALL),
    "50 MiB": Answer(200, JAVASCRIPT, HUGE, OPEN_TO_ALL),
}
SPOILED: dict[str, Spoil] = {
    "truncated": _cut,
    "wrong MIME": _wrong_kind,
    "garbage": lambda asked, true: with_configuration(asked, true, GARBAGE),
    "future": lambda asked, true: with_configuration(asked, true, FUTURE),
}


def with_configuration(asked: Asked, true: Answer, site: Any) -> Answer:
    """Return the answer with something else in the place of what is published.

    The script of a site is the widget, called with what is published; other answers are JSON.
    """
    data = json.dumps(site).replace("<", "\\u003c").encode()
    code, mark, _ = true.body.rpartition(b"\n}({")
    if asked.path.startswith("/s/") and mark:
        data = code + b"\n}(" + data + b");\n"
    return true._replace(body=data)
