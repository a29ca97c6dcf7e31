"""Security headers of each surface, request ids, and one log line a request that names nobody."""

import secrets
import time
from collections.abc import Collection

from flask import Flask, Request, Response, request

from consent_server.metrics.catalogue import METHODS, OTHER_METHOD, count_request
from consent_server.web import logs
from consent_server.web.context import this_app, this_g

#: Headers of every answer, error pages included.
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
API = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: What host pages of any origin load or post to.
PAGE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
#: Pages for people; no script anywhere.
PEOPLE = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}
#: Surface of each blueprint; one that is not named here is an API.
SURFACES = {
    "embed": PAGE,
    "consents": PAGE,
    "rights": PAGE,
    "docs": PEOPLE,
    "admin": PEOPLE,
}
#: Headers that every answer of a surface has, unless its route gave another value; by their names
#: in small letters.
_DEFAULTS = {
    id(surface): tuple(
        (pair[0].lower(), pair)
        for pair in {**EVERYWHERE, **surface, "Cache-Control": "no-store"}.items()
    )
    for surface in (API, PAGE, PEOPLE)
}
_TRANSPORT = (("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),)


def _open_request() -> None:
    # An id of ours, never the client's: nothing that a client wrote reaches a log line.
    kept = this_g()
    kept.request_id = secrets.token_hex(8)
    kept.started = time.perf_counter()


def _close_request(answer: Response) -> Response:
    given = {name.lower() for name, _ in answer.headers}
    answer.headers.extend(added(request.blueprint, given))
    close(request, answer.status_code)
    return answer


def added(blueprint: str | None, given: Collection[str]) -> list[tuple[str, str]]:
    """Return the headers that an answer has beside those that its route gave.

    :param given: their names, in small letters
    """
    surface = SURFACES.get(blueprint or "", API)
    pairs = [pair for name, pair in _DEFAULTS[id(surface)] if name not in given]
    pairs.append(("X-Request-Id", this_g().request_id))
    pairs += transport_security(this_app().extensions["consent_issuer"])
    return pairs


def transport_security(public_url: str) -> tuple[tuple[str, str], ...]:
    """Return what asks for TLS from now on, where the public address has it.

    Whatever a proxy says or does not say of TLS: browsers take it over TLS alone.

    :source: RFC 6797 section 8.1
    """
    return _TRANSPORT if public_url.startswith("https:") else ()


def close(asked: Request, status: int) -> None:
    """Count a request that is answered, and write its line."""
    # The rule, not the path: a path can hold a record id. No query, address or agent either.
    rule = asked.url_rule.rule if asked.url_rule else None
    kept = this_g()
    log_request(kept.request_id, asked.method, rule, status, kept.started)


def log_request(
    request_id: str, method: str, route: str | None, status: int, started: float
) -> None:
    """Count a request, and write its one line.

    :param route: the rule, never the path; None where no route has the address
    :param started: by ``time.perf_counter``
    """
    if method not in METHODS:  # a client's own word: it could name somebody
        method = OTHER_METHOD
    seconds = time.perf_counter() - started
    count_request(route, method, status, seconds)
    logs.request(request_id, method, route, status, round(seconds * 1000, 1))


def init_app(app: Flask) -> None:
    """Open and close every request."""
    app.before_request(_open_request)
    app.after_request(_close_request)
