"""Whose rows a transaction sees: those of one site, those of every site, or nobody's.

PostgreSQL keeps sites apart (migration 0007, docs/decisions/0017): a transaction says at its
beginning for which site it is, and until its end no statement of it reads or writes a row of
another one, whatever the statement says. Without a word it sees no row. SQLite has no such thing:
there the queries alone keep sites apart.

The scope belongs to the running thread. It counts from the next transaction on: whoever changes it
has none open.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache

#: A setting of PostgreSQL, and its value.
Scope = tuple[str, str]
SITE, EVERY_SITE = "consent.site", "consent.every_site"
NOBODY: Scope = (SITE, "")
EVERYBODY: Scope = (EVERY_SITE, "on")
#: Nothing else is ever written into a statement, or is the id of a site.
SITE_ID = re.compile(r"[a-z0-9-]{3,40}")

_current: ContextVar[Scope] = ContextVar("consent_row_scope", default=NOBODY)


def current() -> Scope:
    """Return the scope of the next transaction of this thread."""
    return _current.get()


def enter(scope: Scope) -> None:
    """Let a scope count until another one is entered."""
    _current.set(scope)


def of_site(site_id: str) -> Scope:
    """Return the scope of one site; what is no id of a site has no rows."""
    return (SITE, site_id) if SITE_ID.fullmatch(site_id) else NOBODY


@contextmanager
def one_site(site_id: str) -> Iterator[None]:
    """Work on one site: no row of another one is seen, and none is written."""
    with _entered(of_site(site_id)):
        yield


@contextmanager
def every_site() -> Iterator[None]:
    """Work on all sites: for what an operator does, and for the work beside the requests."""
    with _entered(EVERYBODY):
        yield


@contextmanager
def _entered(scope: Scope) -> Iterator[None]:
    before = current()
    enter(scope)
    try:
        yield
    finally:
        enter(before)


@lru_cache(maxsize=4096)
def entering(scope: Scope) -> str:
    """Return what enters a scope until the transaction ends; takes no snapshot.

    :raises ValueError: what it names has not the form of a site's id
    """
    name, value = scope
    if value and not SITE_ID.fullmatch(value) and scope != EVERYBODY:
        raise ValueError("not the id of a site")
    return f"SET LOCAL {name} = '{value}'"
