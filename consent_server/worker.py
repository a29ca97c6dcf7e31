"""gunicorn's worker, made to keep what a client wrote out of logs and answers."""

import datetime
import json
import socket
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from gunicorn.http import errors  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

#: What gunicorn could not read, and how it is answered; everything else of the kind is a 400.
STATUSES = {
    errors.InvalidResponseHeader: (500, "internal_error"),
    errors.InvalidResponseHeaderName: (500, "internal_error"),
    errors.ExpectationFailed: (417, "expectation_failed"),
    errors.LimitRequestLine: (414, "address_too_long"),
    errors.LimitRequestHeaders: (431, "headers_too_large"),
    errors.UnsupportedTransferCoding: (501, "transfer_coding_unsupported"),
}


class Worker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Answers a request that is no HTTP with problem details.

    gunicorn's own answer quotes what the client sent, and its log names the client's address.
    """

    def handle_error(self, _req: Any, client: socket.socket, _addr: Any, exc: Exception) -> None:
        """Answer and log by the kind of the fault alone."""
        status, reason = STATUSES.get(type(exc), (400, "bad_request"))
        if not isinstance(exc, errors.ParseException):
            status, reason = 500, "internal_error"
        self.log.warning("request not answered by the service: %s", type(exc).__name__)
        with suppress(OSError):  # whoever sent it may be gone
            client.sendall(_answer(status, reason))


def _answer(status: int, reason: str) -> bytes:
    title = HTTPStatus(status).phrase
    problem = {
        "type": f"/docs#problem-{reason}",
        "title": title,
        "status": status,
        "detail": "The request could not be read.",
        "reason": reason,
    }
    body = json.dumps(problem).encode()
    date = datetime.datetime.now(datetime.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    head = [
        f"HTTP/1.1 {status} {title}",
        f"Date: {date}",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
