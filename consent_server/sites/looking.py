"""A page does not wait for a database that is slow, or away: it gets what was last known.

A decision on it is refused when it is no longer in force, and then the page loads it anew. Whoever
decides or checks asks the database itself (``directory``).
"""

import threading
import time
from contextlib import suppress
from weakref import WeakKeyDictionary

from flask import Flask, current_app
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from consent_server import patience, rowscope
from consent_server.db import db
from consent_server.errors import ConsentError
from consent_server.sites.directory import in_force, look_at
from consent_server.sites.models import Publication
from consent_server.sites.remembered import memory

#: Seconds that a page waits for the database to say that nothing changed.
PATIENCE = 0.3
#: Looks at once; each takes a connection.
MOST = 2


class Looks:
    """Looks at what sites have in force, beside the requests; one at a time for each site."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[str, threading.Event] = {}
        #: Whether a look kept a page waiting, and none was quick since: nobody waits for the next.
        self._is_late = False

    def look(self, site_id: str) -> None:
        """Look, or wait for whoever does; not for long."""
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        with self._lock:
            done = self._running.get(site_id)
            if done is None and len(self._running) < MOST:
                done = self._running[site_id] = threading.Event()
                threading.Thread(
                    target=self._look, args=(app, site_id, done), name="looking", daemon=True
                ).start()
        if self._is_late:
            return
        if done is None:
            _try_to_look(site_id)
        elif not done.wait(PATIENCE):
            self._is_late = True

    def _look(self, app: Flask, site_id: str, done: threading.Event) -> None:
        began = time.monotonic()
        patience.begin(0.0, patience.OF_AN_ANSWER)
        try:
            with app.app_context(), rowscope.one_site(site_id):
                _try_to_look(site_id)
        finally:
            self._is_late = self._is_late and time.monotonic() - began >= PATIENCE
            with self._lock:
                del self._running[site_id]
            done.set()


def _try_to_look(site_id: str) -> None:
    # What is no longer in service was forgotten, and is asked about again by whoever asks for it.
    with suppress(ConsentError, SQLAlchemyError):
        look_at(site_id)


_looks: WeakKeyDictionary[Engine, Looks] = WeakKeyDictionary()
_making = threading.Lock()


def _of(engine: Engine) -> Looks:
    with _making:
        return _looks.setdefault(engine, Looks())


def in_force_for_pages(site_id: str) -> Publication:
    """Return what a site has in force, or had when the database answered last.

    :raises SiteUnknown: there is no such site, or it is archived
    :raises PublicationPending: its first publication waits for the log
    """
    sites = memory().sites
    known = sites.fresh(site_id)
    if known is None and sites.last(site_id) is not None:
        _of(db.engine).look(site_id)
        known = sites.last(site_id)
    return in_force(site_id) if known is None else known.publication
