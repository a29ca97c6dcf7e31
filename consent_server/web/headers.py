"""Security headers of each surface, request ids, and one log line a request that names nobody."""

import secrets
import time

import structlog
from flask import Flask, Response, g, request

log = structlog.get_logger("consent_server.access")

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


def _open_request() -> None:
    # An id of ours, never the client's: nothing that a client wrote reaches a log line.
    g.request_id = secrets.token_hex(8)
    g.started = time.perf_counter()


def _close_request(answer: Response) -> Response:
    surface = SURFACES.get(request.blueprint or "", API)
    for name, value in {**EVERYWHERE, **surface}.items():
        answer.headers.setdefault(name, value)
    answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers["X-Request-Id"] = g.request_id
    if request.is_secure:
        answer.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    # The rule, not the path: a path can hold a record id. No query, address or agent either.
    log.info(
        "request",
        request_id=g.request_id,
        method=request.method,
        route=request.url_rule.rule if request.url_rule else None,
        status=answer.status_code,
        ms=round((time.perf_counter() - g.started) * 1000, 1),
    )
    return answer


def init_app(app: Flask) -> None:
    """Open and close every request."""
    app.before_request(_open_request)
    app.after_request(_close_request)
