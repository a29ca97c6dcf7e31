"""A page does not wait for a database that is slow, or away: it gets what was last known.

A decision on it is refused when it is no longer in force, and then the page loads it anew. Whoever
decides or checks asks the database itself (``directory``).

What is not known yet has to be asked for, by one page at a time: else pages that ask for what
nobody knows would take all threads, and those whose answer is there would get none.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from weakref import WeakKeyDictionary

import structlog
from flask import Flask, current_app
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from consent_server import patience, rowscope
from consent_server.db import db
from consent_server.errors import ConsentError
from consent_server.sites.directory import in_force, look_at
from consent_server.sites.models import Publication
from consent_server.sites.remembered import memory
from consent_server.sites.service import widget_build
from consent_server.web.problems import DatabaseUnavailable

log = structlog.get_logger(__name__)
#: Seconds that a page waits for the database to say that nothing changed.
PATIENCE = 0.3
#: Seconds that a page waits for its turn to ask for what is not known: the first question of a
#: process takes longer than others, and whoever waits in line meanwhile is not yet sent away.
TURN = 1.2
#: Looks at once; each takes a connection.
MOST = 2
#: Seconds after a wait in vain for which nobody waits, unless the database was quick meanwhile.
#: Later it may long be well, and whoever comes then gets what is in force.
COUNTS = 5.0


class Lateness:
    """Whether it is in vain to wait for the database."""

    def __init__(self) -> None:
        self._since = -math.inf

    def __bool__(self) -> bool:
        """Say so for a while; of whether it is still late nobody knows more."""
        return memory().monotonic() - self._since < COUNTS

    def note(self, *, is_late: bool) -> None:
        """Note how somebody fared."""
        self._since = memory().monotonic() if is_late else -math.inf


class Looks:
    """Looks at what sites have in force, beside the requests; one at a time for each site."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        #: Sites to be looked at, and what is set when that is done.
        self._wanted: dict[str, threading.Event] = {}
        #: Those that no thread has taken yet, in their order.
        self._line: deque[str] = deque()
        self._threads = 0
        self._late = Lateness()
        self._turn = threading.Lock()
        self._late_turn = Lateness()

    def look(self, site_id: str) -> None:
        """Look, or wait for whoever does; not for long."""
        with self._lock:
            done = self._wanted.get(site_id)
            if done is None:
                done = self._wanted[site_id] = threading.Event()
                self._line.append(site_id)
            if self._line and self._threads < MOST:
                self._start()
        if not self._late and not done.wait(PATIENCE):
            self._late.note(is_late=True)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Have the turn to ask the database within a request.

        :raises DatabaseUnavailable: whoever has the turn waits for the database
        """
        is_late = bool(self._late_turn)
        if not self._turn.acquire(timeout=0 if is_late else TURN):
            if not is_late:
                self._late_turn.note(is_late=True)
            raise DatabaseUnavailable
        began = time.monotonic()
        try:
            yield
        finally:
            self._turn.release()
            self._late_turn.note(is_late=time.monotonic() - began >= TURN)

    def _start(self) -> None:
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        thread = threading.Thread(target=self._work, args=(app,), name="looking", daemon=True)
        with suppress(RuntimeError):  # the machine gives no thread; who comes next tries again
            thread.start()
            self._threads += 1

    def _work(self, app: Flask) -> None:
        """Look at what is wanted, until nothing is."""
        patience.begin(0.0, patience.OF_AN_ANSWER)
        while (site_id := self._next()) is not None:
            self._look(app, site_id)
            with self._lock:
                self._wanted.pop(site_id).set()

    def _look(self, app: Flask, site_id: str) -> None:
        began = time.monotonic()
        try:
            with app.app_context(), rowscope.one_site(site_id):
                # What is no longer in service was forgotten, and is asked about anew.
                with suppress(ConsentError, SQLAlchemyError):
                    look_at(site_id)
                if time.monotonic() - began < PATIENCE:
                    self._late.note(is_late=False)
        except Exception as error:  # noqa: BLE001 (nobody would look again at what is wanted)
            # No message and no trace: they may quote what was recorded.
            log.warning("look_failed", error=type(error).__name__)

    def _next(self) -> str | None:
        with self._lock:
            if self._line:
                return self._line.popleft()
            self._threads -= 1
            return None


_looks: WeakKeyDictionary[Engine, Looks] = WeakKeyDictionary()
_making = threading.Lock()


def _of(engine: Engine) -> Looks:
    with _making:
        return _looks.setdefault(engine, Looks())


def in_force_for_pages(site_id: str) -> Publication:
    """Return what a site has in force, or had when the database answered last.

    :raises SiteUnknown: there is no such site, or it is archived
    :raises PublicationPending: its first publication waits for the log
    :raises DatabaseUnavailable: nothing is known of it, and somebody else waits for the database
    """
    sites = memory().sites
    known = sites.fresh(site_id)
    if known is None and sites.last(site_id) is not None:
        _of(db.engine).look(site_id)
        known = sites.last(site_id)
    if known is not None:
        return known.publication
    with _of(db.engine).asking():
        return in_force(site_id)  # whoever had the turn before may have asked the same


def build_for_pages(build: str) -> bytes | None:
    """Return a widget build that was published once, if any; what was asked for is remembered.

    :raises DatabaseUnavailable: it is not remembered, and somebody else waits for the database
    """
    builds = memory().builds
    known = builds.last(build)
    if known is not None:
        return known
    with _of(db.engine).asking():
        found = builds.last(build) or _source_of(build)
        if found is not None:
            builds.keep(build, found, builds.begin())
    return found


def _source_of(build: str) -> bytes | None:
    found = widget_build(build)
    return None if found is None else found.source
