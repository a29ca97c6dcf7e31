"""Whose a SQLite file is while it is served: one service's alone, or that of several processes.

The lock lies beside the database, not in the data directory: two directories may name one file. It
is the operating system's, and goes with the last process that has it, however that ends.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from consent_server.errors import ConsentError
from consent_server.settings import Settings, lock_of


class AlreadyServing(ConsentError):
    """Somebody else has this SQLite database, and does not share it."""

    status = 503
    reason = "already_serving"

    def __init__(self, path: Path):
        super().__init__(
            f"a service, or a restore, has {path}; stop it first: SQLite takes one `serve` "
            "alone, or processes of other servers beside one another"
        )
        self.path = str(path)


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Have the file for oneself until the block ends; there is none on PostgreSQL.

    :raises AlreadyServing: another service has it, shared or not
    """
    if not settings.is_sqlite:
        yield
        return
    with alone_with(settings.sqlite_path):
        yield


@contextmanager
def alone_with(database: Path) -> Iterator[None]:
    """Have a SQLite file, or the place of one, for oneself until the block ends.

    :raises AlreadyServing: a service has it, shared or not, or a restore
    """
    with _locked(database, fcntl.LOCK_EX):
        yield


def together(settings: Settings) -> None:
    """Have the file, beside others who share it, for as long as this process lives.

    :raises AlreadyServing: ``serve`` runs on it, or a restore
    """
    if settings.is_sqlite:
        _shared.append(_locked(settings.sqlite_path, fcntl.LOCK_SH))


#: Open as long as this process, and those that it forks, which share the lock.
_shared: list[IO[str]] = []


def _locked(database: Path, kind: int) -> IO[str]:
    lock = _opened(lock_of(database))
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise AlreadyServing(database) from None
    return lock


def _opened(path: Path) -> IO[str]:
    """Open a lock; on a disk that takes no writing it may be there from before."""
    try:
        return path.open("w")
    except OSError:
        if not path.exists():
            raise
        return path.open()
