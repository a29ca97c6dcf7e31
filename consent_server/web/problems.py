"""Every refusal leaves as RFC 9457 problem details; this is the one place that writes them."""

from http import HTTPStatus
from typing import Any

import orjson
import structlog
from flask import Flask, Response, g
from sqlalchemy import exc
from werkzeug.exceptions import HTTPException, NotFound

from consent_server.errors import (
    ConsentError,
    RowUnreadable,
    read_at,
    title_of,
    told_of_database,
    type_of,
)
from consent_server.metrics.catalogue import POOL_TIMEOUTS, REFUSALS
from consent_server.rates.service import RateLimited
from consent_server.web.context import this_app

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
#: Reasons of refusals that Flask, Werkzeug and gunicorn make for us.
REASONS = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_too_slow",
    411: "length_required",
    412: "precondition_failed",
    413: "body_too_large",
    414: "address_too_long",
    415: "media_type_unsupported",
    417: "expectation_failed",
    431: "headers_too_large",
    501: "transfer_coding_unsupported",
    503: "overloaded",
}
#: What each of them means.
MEANINGS = {
    "bad_request": "The request is no HTTP that can be read, is cut off, or names no `Host`.",
    "not_found": "Nothing has this address, or the operator did not switch it on.",
    "method_not_allowed": "The address is there, for the methods that the header `Allow` names.",
    "request_too_slow": "The request was not whole within ten seconds.",
    "length_required": "A body came without `Content-Length`; a chunked one has none.",
    "precondition_failed": "What is there is not what `If-Match` names.",
    "body_too_large": "The body is larger than this route takes; the answer says how large.",
    "address_too_long": "The first line of the request has more than 8,190 bytes.",
    "media_type_unsupported": "The body is of no type that the route takes, or is compressed.",
    "expectation_failed": "`Expect` names something else than `100-continue`.",
    "headers_too_large": "There are more than 40 headers, or one has more than 8,190 bytes.",
    "transfer_coding_unsupported": "`Transfer-Encoding` names a coding that is not known.",
    "overloaded": "No thread was free for the request in time. Nothing was recorded.",
}
#: Classes of SQLSTATE that pass: connection, read-only server, no resources, operator at work; and
#: what is prepared, when it was forgotten.
PASSING_STATES = ("08", "25", "53", "57", "26000")
#: Where PostgreSQL finds that the schema was changed under a prepared statement. Its state is that
#: of whatever it has no support for.
CHANGED = "RevalidateCachedQuery"
#: Where it finds that the role of the service lacks a right, which somebody has to give it (``db
#: roles --apply``). A row that a policy refuses has the same state, and is a fault of ours.
LACKS_A_RIGHT = "aclcheck_error"
#: Headers of Werkzeug's own error answer that ours replaces.
CONTENT_HEADERS = {"content-type", "content-length"}


class InvalidRequest(ConsentError):
    """Parameters or body do not have the documented form."""

    status = 422
    reason = "invalid_request"

    def __init__(self, errors: list[dict[str, str]]):
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{first['path']}: {first['message']}{more}")
        #: Every fault: ``{"path", "message"}``.
        self.errors = errors


class ParameterRepeated(ConsentError):
    """A query parameter was given twice, so that two readers could see two requests."""

    reason = "parameter_repeated"

    def __init__(self, parameter: str):
        super().__init__(f"the parameter {parameter} may be given once")
        self.parameter = parameter


class DatabaseUnavailable(ConsentError):
    """The database does not answer. Whether something was recorded is unknown: send it again.

    The idempotency key makes that harmless.
    """

    status = 503
    reason = "database_unavailable"
    #: Seconds until a retry makes sense.
    retry_after = 5

    def __init__(self) -> None:
        super().__init__("the database does not answer; send the same request again later")


def problem(
    status: int,
    reason: str,
    detail: str,
    headers: dict[str, str] | None = None,
    **evidence: Any,
) -> Response:
    """Build one problem answer.

    :param reason: stable name; also the anchor of its explanation under ``/docs`` (:func:`type_of`)
    :param detail: one sentence for the person who reads the answer
    :source: RFC 9457
    """
    REFUSALS.add(reason)
    body = {
        "type": type_of(reason, this_app().extensions["consent_issuer"]),
        "title": title_of(reason),
        "status": status,
        "detail": detail,
        "reason": reason,
        **evidence,
    }
    answer = Response(orjson.dumps(body), status, headers, mimetype=MEDIA_TYPE)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def from_refusal(error: ConsentError) -> Response:
    """Answer a deliberate refusal with its reason and evidence."""
    headers = {"WWW-Authenticate": 'Bearer realm="consent"'} if error.status == 401 else {}
    wait = getattr(error, "retry_after", None)
    if wait is not None:
        headers["Retry-After"] = str(wait)
    if isinstance(error, RateLimited):
        headers |= {"RateLimit-Limit": str(error.limit), "RateLimit-Remaining": "0"}
        headers["RateLimit-Reset"] = str(wait)
    return problem(error.status, error.reason, str(error), headers, **error.evidence())


def from_unreadable(error: RowUnreadable) -> Response:
    """Answer where a row was changed, and log the place, for somebody has to mend it."""
    log.error("row_unreadable", request_id=g.get("request_id"), **read_at(error))
    return from_refusal(error)


def from_http_error(error: HTTPException) -> Response:
    """Answer what Werkzeug refused, keeping its headers (``Allow``, ``Retry-After``)."""
    status = error.code or 500
    kept = {
        name: value for name, value in error.get_headers() if name.lower() not in CONTENT_HEADERS
    }
    reason = REASONS.get(status, HTTPStatus(status).name.lower())
    detail = error.description or HTTPStatus(status).phrase
    if detail == NotFound.description:  # which is written to somebody who types addresses
        detail = "Nothing has this address."
    return problem(status, reason, detail, kept)


def from_database(error: exc.SQLAlchemyError) -> Response:
    """Answer when the database is locked, full, restarting or gone: never a grant, always a retry.

    What the database says of a statement stays out of the log: it quotes what was asked.
    """
    if isinstance(error, exc.TimeoutError):
        POOL_TIMEOUTS.add()
    told = told_of_database(error)
    log.error("database_unavailable", request_id=g.get("request_id"), **told)
    refusal = DatabaseUnavailable()
    headers = {"Retry-After": str(refusal.retry_after)}
    return problem(refusal.status, refusal.reason, str(refusal), headers)


def from_driver(error: exc.DBAPIError) -> Response:
    """Answer what the driver reports: some states of PostgreSQL are no fault of ours.

    An error of no kind is SQLite's, of a file that it cannot read or that is damaged.
    """
    if type(error) is exc.DatabaseError:
        return from_database(error)
    state = getattr(error.orig, "sqlstate", None) or ""
    where = getattr(getattr(error.orig, "diag", None), "source_function", None)
    is_passing = state.startswith(PASSING_STATES) or where in (CHANGED, LACKS_A_RIGHT)
    return from_database(error) if is_passing else from_bug(error)


def from_bug(error: Exception) -> Response:
    """Answer a fault of ours: an id to ask about, nothing of what went wrong."""
    request_id = g.get("request_id")
    log.exception("request_failed", request_id=request_id, error=type(error).__name__)
    detail = f"The service failed; nothing was granted. Ask about request {request_id}."
    return problem(500, "internal_error", detail)


def init_app(app: Flask) -> None:
    """Register the handlers; flask-smorest hands HTTP errors to ``from_http_error`` itself."""
    app.register_error_handler(ConsentError, from_refusal)
    app.register_error_handler(RowUnreadable, from_unreadable)
    app.register_error_handler(exc.OperationalError, from_database)
    app.register_error_handler(exc.TimeoutError, from_database)
    app.register_error_handler(exc.DBAPIError, from_driver)
    app.register_error_handler(Exception, from_bug)
