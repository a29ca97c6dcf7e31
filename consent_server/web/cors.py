"""CORS by exact origin: the answer goes to the page that the site listed, or to nobody."""

from collections.abc import Iterable

from flask import Flask, Response

from consent_server.errors import ConsentError
from consent_server.web.context import this_g, this_request

#: Seconds for which a browser may keep the answer to a preflight.
PREFLIGHT_SECONDS = 7200


class OriginNotAllowed(ConsentError):
    """The request comes from a page, or a program, that the site did not list."""

    status = 403
    reason = "origin_not_allowed"

    def __init__(self) -> None:
        super().__init__("the Origin header must be one of the site's listed origins")


def request_origin() -> str:
    """Return the Origin header of this request; given twice it comes as one that is no origin.

    :raises OriginNotAllowed: absent
    """
    origin: str | None = this_request().environ.get("HTTP_ORIGIN")
    if not origin:
        raise OriginNotAllowed
    return origin


def answer_to(origin: str) -> None:
    """Let the page at this (already checked) origin read the answer, refusals included."""
    this_g().cors_origin = origin


def preflight(methods: Iterable[str], headers: Iterable[str]) -> Response:
    """Answer a preflight of an origin that was already checked. Credentials are never allowed."""
    answer = Response(status=204)
    answer.headers["Access-Control-Allow-Methods"] = ", ".join(methods)
    answer.headers["Access-Control-Allow-Headers"] = ", ".join(headers)
    answer.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
    return answer


def added() -> list[tuple[str, str]]:
    """Return the headers of an answer to a page; none where it is the same for everybody."""
    kept = this_g()
    origin = kept.get("cors_origin")
    if origin is not None:
        return [("Access-Control-Allow-Origin", origin), ("Vary", "Origin")]
    return [("Vary", "Origin")] if kept.get("cors_varies") else []


def _add(answer: Response) -> Response:
    for name, value in added():
        if name == "Vary" and "Vary" in answer.headers:
            answer.vary.add(value)
        else:
            answer.headers[name] = value
    return answer


def varies() -> None:
    """Say that this route's answer depends on the Origin header, whoever asks."""
    this_g().cors_varies = True


def init_app(app: Flask) -> None:
    """Add the CORS headers to every answer that was cleared for an origin."""
    app.after_request(_add)
