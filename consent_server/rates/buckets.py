"""Token buckets in memory, or in a file that several processes share; losing them is harmless."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import structlog

from consent_server.rates.limits import Limit
from consent_server.sqlite import sqlite3

log = structlog.get_logger(__name__)

#: Makes 32 random bytes.
SecretMaker = Callable[[], bytes]
#: Bucket → what is left in it, and the second at which that was so.
Level = tuple[float, float]
#: Buckets in memory; beyond them the full ones go first.
MOST = 100_000
#: Seconds that a request waits for another process; then it is let through.
PATIENCE = 0.25


def after_request(level: Level | None, limit: Limit, now: float) -> tuple[float, float]:
    """Return what a bucket holds after one more request, and how long to wait if it was empty.

    :param level: None for a bucket that was never used: it is full
    :param now: seconds of a clock that never goes back
    :returns: requests left, and seconds to wait; above zero, nothing may be taken
    """
    held, at = level or (float(limit.burst), now)
    if at > now:  # written before the machine was started anew
        held, at = float(limit.burst), now
    held = min(float(limit.burst), held + max(0.0, now - at) * limit.per_second)
    wait = 0.0 if held >= 1 else (1 - held) / limit.per_second
    return held - 1, wait


class Buckets(ABC):
    """A set of buckets, each with a name of a few bytes."""

    @abstractmethod
    def take(self, day: str, wanted: Mapping[bytes, Limit], now: float) -> float:
        """Take one from each bucket, or from none; return the seconds to wait, 0 when taken.

        :param day: buckets and secret of another day are gone
        :param now: seconds by a clock that nobody sets
        """

    @abstractmethod
    def secret(self, day: str) -> bytes:
        """Return the secret of a day, 32 random bytes, by which its buckets are named."""


class MemoryBuckets(Buckets):
    """For one process with threads."""

    def __init__(self, make_secret: SecretMaker):
        self._lock = threading.Lock()
        self._make_secret = make_secret
        self._day = ""
        self._secret = b""
        self._levels: dict[bytes, Level] = {}

    def take(self, day: str, wanted: Mapping[bytes, Limit], now: float) -> float:
        """See :meth:`Buckets.take`."""
        with self._lock:
            self._begin(day)
            after = {
                name: after_request(self._levels.get(name), limit, now)
                for name, limit in wanted.items()
            }
            wait = max((seconds for _, seconds in after.values()), default=0.0)
            if not wait:
                self._levels.update({name: (held, now) for name, (held, _) in after.items()})
            if len(self._levels) > MOST:
                self._drop_oldest()
        return wait

    def secret(self, day: str) -> bytes:
        """See :meth:`Buckets.secret`."""
        with self._lock:
            self._begin(day)
            return self._secret

    def _begin(self, day: str) -> None:
        if day != self._day:
            self._day, self._secret, self._levels = day, self._make_secret(), {}

    def _drop_oldest(self) -> None:
        """Forget the half that was used longest ago: mostly full again."""
        newest = sorted(self._levels.items(), key=lambda item: item[1][1], reverse=True)
        self._levels = dict(newest[: MOST // 2])


class FileBuckets(Buckets):
    """For several processes on one machine: a SQLite file that may be lost at any time."""

    def __init__(self, path: Path, make_secret: SecretMaker):
        self._path = path
        self._make_secret = make_secret
        self._local = threading.local()

    def take(self, day: str, wanted: Mapping[bytes, Limit], now: float) -> float:
        """See :meth:`Buckets.take`. A file that cannot be used holds nobody up."""
        try:
            return self._take(day, wanted, now)
        except (sqlite3.Error, OSError) as error:
            self._begin_anew(error)
            return 0.0

    def secret(self, day: str) -> bytes:
        """See :meth:`Buckets.secret`."""
        try:
            return self._begin(day)
        except (sqlite3.Error, OSError) as error:
            self._begin_anew(error)
            return self._make_secret()  # of no use to anybody; the next request tries again

    def _take(self, day: str, wanted: Mapping[bytes, Limit], now: float) -> float:
        self._begin(day)
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            after = {}
            for name, limit in wanted.items():
                row = connection.execute(
                    "SELECT held, at FROM levels WHERE name = ?", (name,)
                ).fetchone()
                after[name] = after_request(row, limit, now)
            wait = max((seconds for _, seconds in after.values()), default=0.0)
            if not wait:
                connection.executemany(
                    "INSERT INTO levels VALUES (?, ?, ?) "
                    "ON CONFLICT (name) DO UPDATE SET held = excluded.held, at = excluded.at",
                    [(name, held, now) for name, (held, _) in after.items()],
                )
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return wait

    def _begin(self, day: str) -> bytes:
        """Return the day's secret; whoever comes first on a day forgets the day before."""
        connection = self._connection()
        find = "SELECT secret FROM days WHERE day = ?"
        row = connection.execute(find, (day,)).fetchone()
        if row is None:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute(find, (day,)).fetchone()
            if row is None:
                row = (self._make_secret(),)
                connection.execute("DELETE FROM levels")
                connection.execute("DELETE FROM days")
                connection.execute("INSERT INTO days VALUES (?, ?)", (day, *row))
            connection.execute("COMMIT")
        return bytes(row[0])

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            self._path.touch(mode=0o600)
            found = sqlite3.connect(self._path, timeout=PATIENCE, isolation_level=None)
            for pragma in ("synchronous=OFF", "journal_mode=MEMORY", "secure_delete=ON"):
                found.execute(f"PRAGMA {pragma}").fetchall()
            found.execute("CREATE TABLE IF NOT EXISTS days (day TEXT PRIMARY KEY, secret BLOB)")
            found.execute(
                "CREATE TABLE IF NOT EXISTS levels (name BLOB PRIMARY KEY, held REAL, at REAL) "
                "WITHOUT ROWID"
            )
            self._local.connection = found
        return found

    def _begin_anew(self, error: Exception) -> None:
        """Let go of a file that cannot be used; one that is damaged is removed."""
        found = getattr(self._local, "connection", None)
        self._local.connection = None
        with suppress(sqlite3.Error, OSError):
            if found is not None:
                found.close()
            if not isinstance(error, sqlite3.OperationalError):  # which is busy, or a full disk
                self._path.unlink(missing_ok=True)
        log.warning("rates_not_counted", error=type(error).__name__)
