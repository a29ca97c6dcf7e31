"""A request sees the rows of the site in its address, and of no other; else it sees none.

What has no site in its address says so itself: the check API enters the site of its key
(``sites.auth``), monitoring looks at all sites (``operations``).
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, stream_with_context  # noqa: TID251

from consent_server import rowscope
from consent_server.web.context import this_g, this_request
from consent_server.web.patience import of_a_stream


def _open() -> None:
    this_g().row_scope_before = rowscope.current()
    rowscope.enter(rowscope.of_site((this_request().view_args or {}).get("site_id", "")))


def _close(_error: Any) -> None:
    # Flask ends a request that is streamed a second time, with its stream.
    before = this_g().pop("row_scope_before", None)
    if before is not None:
        rowscope.enter(before)


def streamed(pieces: Generator[bytes, None, None]) -> Iterator[bytes]:
    """Send a stream with what its request sees, and as patient: that is over when it begins.

    :param pieces: has no transaction open between two of them
    """
    return stream_with_context(_in_scope(rowscope.current(), pieces))


def _in_scope(scope: rowscope.Scope, pieces: Generator[bytes, None, None]) -> Iterator[bytes]:
    try:
        while True:
            with _entered(scope):  # whoever takes the pieces may do something else in between
                piece = next(pieces, None)
            if piece is None:
                return
            yield piece
    finally:
        with _entered(scope):
            pieces.close()


@contextmanager
def _entered(scope: rowscope.Scope) -> Iterator[None]:
    before = rowscope.current()
    rowscope.enter(scope)
    try:
        with of_a_stream():
            yield
    finally:
        rowscope.enter(before)


def init_app(app: Flask) -> None:
    """Narrow what each request sees, until its answer begins; :func:`streamed` goes on with it."""
    app.before_request(_open)
    app.teardown_request(_close)
