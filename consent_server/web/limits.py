"""Limits of a request's address and body, applied before anything reads them."""

from flask import Flask
from werkzeug.exceptions import (
    LengthRequired,
    NotFound,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from consent_server.web.context import this_request
from consent_server.web.strict_json import FORBIDDEN

#: Largest body of any public route, bytes; a schema may set a lower ``max_bytes``.
LARGEST_BODY = 64 * 1024
METHODS_WITH_BODY = {"POST", "PUT", "PATCH"}


def _check_address() -> None:
    """Refuse characters that no address of ours holds, and that PostgreSQL takes in no text."""
    if FORBIDDEN.search(this_request().path):
        raise NotFound


def _check_body() -> None:
    """Refuse bodies whose end or content cannot be known beforehand.

    Werkzeug would silently cut a chunked body at the limit and go on with the rest of the request.
    """
    request = this_request()
    environ = request.environ
    if "HTTP_TRANSFER_ENCODING" in environ:
        raise LengthRequired("Send a Content-Length; chunked bodies are not accepted.")
    if "HTTP_CONTENT_ENCODING" in environ:
        raise UnsupportedMediaType("Send the body uncompressed.")
    length = request.content_length if "CONTENT_LENGTH" in environ else None
    # With a length the request would be refused still, where no route has its method or address.
    has_route = request.routing_exception is None
    if length is None and has_route and environ["REQUEST_METHOD"] in METHODS_WITH_BODY:
        raise LengthRequired("Send a Content-Length.")
    if (length or 0) > LARGEST_BODY:
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
