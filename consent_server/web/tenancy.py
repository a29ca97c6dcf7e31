"""A request sees the rows of the site in its address, and of no other; else it sees none.

What has no site in its address says so itself: the check API enters the site of its key
(``sites.auth``), monitoring looks at all sites (``operations``).
"""

from typing import Any

from flask import Flask, g, request

from consent_server import rowscope


def _open() -> None:
    g.row_scope_before = rowscope.current()
    rowscope.enter(rowscope.of_site((request.view_args or {}).get("site_id", "")))


def _close(_error: Any) -> None:
    if "row_scope_before" in g:
        rowscope.enter(g.row_scope_before)


def init_app(app: Flask) -> None:
    """Narrow what each request sees, until its answer is sent whole."""
    app.before_request(_open)
    app.teardown_request(_close)
