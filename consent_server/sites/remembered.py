"""What a process remembers of sites and API keys from one request to the next, and how long.

Never longer than :data:`FRESH_SECONDS`: what another process publishes, archives or revokes counts
here after that. What this process changes itself counts at once: it is forgotten with the change.
Only what lets a request pass is remembered. Whoever is about to be refused is looked up again.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Engine

from consent_server.db import db
from consent_server.sites.models import Publication

#: Seconds for which something answers without a look at the database: less than the one that is
#: promised, because it counts from before the look.
FRESH_SECONDS = 0.9
#: Entries of one kind; the oldest goes. Builds take some tens of KB each.
MOST_ENTRIES, MOST_BUILDS = 4096, 256

Value = TypeVar("Value")


@dataclass(frozen=True)
class Beginning:
    """When a look at the database began: what it finds is as old as this."""

    instant: float
    changes: int


class Entries(Generic[Value]):
    """Values by name, each with the instant at which reading it began; for all threads."""

    def __init__(self, monotonic: Callable[[], float], most: int = MOST_ENTRIES):
        self._monotonic = monotonic
        self._most = most
        self._found: dict[str, tuple[float, Value]] = {}
        self._changes = 0
        self._lock = threading.Lock()

    def fresh(self, name: str) -> Value | None:
        """Return what may answer without a look."""
        found = self._found.get(name)
        if found is None or self._monotonic() - found[0] >= FRESH_SECONDS:
            return None
        return found[1]

    def last(self, name: str) -> Value | None:
        """Return what was found last, however long ago: it may be out of force."""
        found = self._found.get(name)
        return None if found is None else found[1]

    def begin(self) -> Beginning:
        """Note that a look begins."""
        return Beginning(self._monotonic(), self._changes)

    def keep(self, name: str, value: Value, beginning: Beginning) -> None:
        """Remember what a look found, unless something was changed here while it lasted.

        Nor where a look that began later was done sooner: what it found is newer.
        """
        with self._lock:
            known = self._found.get(name)
            if beginning.changes != self._changes or (known and known[0] > beginning.instant):
                return
            if known is None and len(self._found) >= self._most:
                del self._found[next(iter(self._found))]
            self._found[name] = beginning.instant, value

    def forget(self, name: str) -> None:
        """Let nobody be answered from before this moment, nor from a look that is under way."""
        with self._lock:
            self._changes += 1
            self._found.pop(name, None)


@dataclass(frozen=True)
class Stamp:
    """What changes when something else comes into force for a site."""

    is_archived: bool
    newest_revision: int | None
    #: Whether something in clear waits for the site's log; then what is in force can change alone.
    is_waiting: bool


@dataclass(frozen=True)
class KnownSite:
    """A site that is in service, and what it has in force."""

    stamp: Stamp
    #: In no session: read by many threads, changed by none.
    publication: Publication


@dataclass(frozen=True)
class KnownKey:
    """An API key that is not revoked and was shown whole."""

    site_id: str
    secret_hash: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class Memory:
    """All that a process remembers of one database."""

    monotonic: Callable[[], float] = time.monotonic
    #: By site id.
    sites: Entries[KnownSite] = field(init=False)
    #: By the public characters of the key.
    keys: Entries[KnownKey] = field(init=False)
    #: Widget builds by their hashes, which never change.
    builds: Entries[bytes] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sites", Entries(self.monotonic))
        object.__setattr__(self, "keys", Entries(self.monotonic))
        object.__setattr__(self, "builds", Entries(self.monotonic, MOST_BUILDS))


_memories: WeakKeyDictionary[Engine, Memory] = WeakKeyDictionary()
_making = threading.Lock()


def memory() -> Memory:
    """Return what this process remembers of the application's database."""
    return memory_of(db.engine)


def memory_of(engine: Engine) -> Memory:
    """Return what this process remembers of a database."""
    found = _memories.get(engine)
    if found is None:
        with _making:
            found = _memories.setdefault(engine, Memory())
    return found


def remember_by(monotonic: Callable[[], float]) -> Memory:
    """Remember nothing of the application's database so far, and go by this clock from now on."""
    with _making:
        _memories[db.engine] = found = Memory(monotonic)
    return found
