"""Limits of a request's address and body, applied before anything reads them."""

from flask import Flask, request
from werkzeug.exceptions import (
    LengthRequired,
    NotFound,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from consent_server.web.strict_json import FORBIDDEN

#: Largest body of any public route, bytes; a schema may set a lower ``max_bytes``.
LARGEST_BODY = 64 * 1024
METHODS_WITH_BODY = {"POST", "PUT", "PATCH"}


def _check_address() -> None:
    """Refuse characters that no address of ours holds, and that PostgreSQL takes in no text."""
    if FORBIDDEN.search(request.path):
        raise NotFound


def _check_body() -> None:
    """Refuse bodies whose end or content cannot be known beforehand.

    Werkzeug would silently cut a chunked body at the limit and go on with the rest of the request.
    """
    if "Transfer-Encoding" in request.headers:
        raise LengthRequired("Send a Content-Length; chunked bodies are not accepted.")
    if "Content-Encoding" in request.headers:
        raise UnsupportedMediaType("Send the body uncompressed.")
    if request.method in METHODS_WITH_BODY and request.content_length is None:
        raise LengthRequired("Send a Content-Length.")
    if (request.content_length or 0) > LARGEST_BODY:
        raise RequestEntityTooLarge(f"The body may have at most {LARGEST_BODY} bytes.")


def init_app(app: Flask) -> None:
    """Check every request before its view."""
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = LARGEST_BODY
    app.config["MAX_FORM_PARTS"] = 50
    # A doubled slash leads nowhere; a redirect would be built from the Host header.
    app.url_map.merge_slashes = False
    app.before_request(_check_address)
    app.before_request(_check_body)
