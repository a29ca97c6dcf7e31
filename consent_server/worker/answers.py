"""What is answered to a request that gunicorn cannot read: problem details, by the fault alone."""

import datetime
import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from gunicorn.http import errors  # type: ignore[import-untyped]

from consent_server.errors import title_of, type_of
from consent_server.web.headers import API, EVERYWHERE

#: What gunicorn could not read, and how it is answered; everything else of the kind is a 400.
STATUSES = {
    errors.InvalidResponseHeader: (500, "internal_error"),
    errors.InvalidResponseHeaderName: (500, "internal_error"),
    errors.ExpectationFailed: (417, "expectation_failed"),
    errors.LimitRequestLine: (414, "address_too_long"),
    errors.LimitRequestHeaders: (431, "headers_too_large"),
    errors.UnsupportedTransferCoding: (501, "transfer_coding_unsupported"),
}

#: What is said beside the reason; of what is no HTTP, that nobody could read it.
DETAILS = {
    "address_too_long": "The address is longer than the service takes.",
    "expectation_failed": "Of Expect, the service takes 100-continue alone.",
    "headers_too_large": "The request has more headers, or longer ones, than the service takes.",
    "internal_error": "The service failed; nothing was granted.",
    "overloaded": "More is asked than can be answered; send it again later.",
    "request_too_slow": "The request was not whole in time; send it again, faster.",
    "transfer_coding_unsupported": "Send a Content-Length; the service takes no transfer coding.",
}
#: Seconds until a retry makes sense.
RETRY_AFTER = {"overloaded": 5}

#: The newest version of HTTP that is spoken here.
SPOKEN = (1, 1)


def status_of(fault: Exception) -> tuple[int, str]:
    """Return status and reason of a fault of the request, or of ours."""
    if not isinstance(fault, errors.ParseException):
        return 500, "internal_error"
    return STATUSES.get(type(fault), (400, "bad_request"))


def admit(request: Any) -> None:
    """Do what gunicorn leaves out: ask HTTP/1.1 for the host, and speak no version that is none.

    An answer carries the version of its request, 1.7 if that was said.

    :param request: as gunicorn read it
    :raises InvalidHeader: it names no host
    :source: RFC 9112 section 3.2; RFC 9110 section 2.5
    """
    if request.version >= SPOKEN and all(name != "HOST" for name, _ in request.headers):
        raise errors.InvalidHeader("HOST")
    request.version = min(request.version, SPOKEN)


def problem(
    status: int,
    reason: str,
    headers: Iterable[tuple[str, str]] = (),
    *,
    issuer: str = "",
    is_head: bool = False,
) -> bytes:
    """Return an answer, whole; the connection ends with it.

    :param headers: what answers of this installation have beside those of every one
    :param issuer: public address of the service, if it is known
    :param is_head: whether the head alone was asked for (RFC 9110 section 9.3.2)
    """
    details = {
        "type": type_of(reason, issuer),
        "title": title_of(reason),
        "status": status,
        "detail": DETAILS.get(reason, "The request could not be read."),
        "reason": reason,
    }
    body = json.dumps(details).encode()
    date = datetime.datetime.now(datetime.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    head = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Date: {date}",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        *(f"{name}: {value}" for name, value in (*EVERYWHERE.items(), *API.items(), *headers)),
    ]
    if reason in RETRY_AFTER:
        head.append(f"Retry-After: {RETRY_AFTER[reason]}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + (b"" if is_head else body)
