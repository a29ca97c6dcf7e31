"""Requests that somebody waits for give up waiting for the database in time."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, g, request

from consent_server import patience

#: Blueprints of what pages and back ends ask; an export or a proof may take longer.
HURRIED = {"consents", "checks", "embed", "rights"}


def _open() -> None:
    if request.blueprint in HURRIED:
        before = patience.begin(patience.OF_A_REQUEST)
    else:
        before = patience.begin(0.0, patience.OF_AN_ANSWER)
    g.patience_before = (before,)


def _close(_error: Any) -> None:
    before = g.pop("patience_before", None)
    if before is not None:
        patience.go_back_to(*before)


@contextmanager
def of_a_stream() -> Iterator[None]:
    """Wait for each answer as long as whoever exports may, when the request is over."""
    before = patience.begin(0.0, patience.OF_AN_ANSWER)
    try:
        yield
    finally:
        patience.go_back_to(before)


def init_app(app: Flask) -> None:
    """Limit what a request waits for, until it is answered; for a file SQLite has its own limit.

    Before the database's own: what is registered first is torn down last, and the session, which
    may have to roll back then, is not waited for without end.
    """
    if app.extensions["consent_settings"].is_sqlite:
        return
    app.before_request(_open)
    app.teardown_request(_close)
