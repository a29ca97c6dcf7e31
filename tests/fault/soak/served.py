"""The service of a long run: on a signal each of its processes says what it has in use.

What it remembers up to a bound (tokens, pages and statements of the database) is bounded low, so
that it is full soon, and what still grows is seen; and its connections are all there from the
beginning. The control forgets nothing.
"""

import ctypes
import gc
import os
import re
import signal
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.pool import Pool

from consent_server import db as database
from consent_server import serving
from consent_server.tokens import known

SIGNAL = signal.SIGRTMIN + 1
#: The folder for what each process says, in a file with its number.
TOLD = "SOAK_TOLD"
#: Set for the control.
FORGETS_NOTHING = "SOAK_FORGETS_NOTHING"
#: What the control keeps of each request, two KiB with what Python adds; of so many one descriptor.
PIECES, BYTES, ONE_IN = 20, 64, 50


class _Allocated(ctypes.Structure):
    """``struct mallinfo2`` of glibc."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def _of_the_system() -> int:
    """Return the bytes that the system's allocator gave out: for what is large, or not Python's."""
    count = ctypes.CDLL(None).mallinfo2
    count.restype = _Allocated
    now = count()
    return int(now.uordblks + now.hblkhd)


def _of_python() -> int:
    """Return the bytes that Python's allocator gave out, for what is small.

    It tells them on standard error alone.
    """
    log = os.dup(2)
    try:
        with tempfile.TemporaryFile() as told:
            os.dup2(told.fileno(), 2)
            sys._debugmallocstats()
            os.dup2(log, 2)
            told.seek(0)
            found = re.search(rb"^# bytes in allocated blocks += +([\d,]+)$", told.read(), re.M)
    finally:
        os.dup2(log, 2)
        os.close(log)
    assert found is not None
    return int(found[1].replace(b",", b""))


def _tell(*_: object) -> None:
    gc.collect()  # what only waits for that is not in use
    told = Path(os.environ[TOLD]) / str(os.getpid())
    unfinished = told.with_suffix(".new")
    unfinished.write_text(f"{_of_python()} {_of_the_system()}")
    unfinished.rename(told)


def _begin(worker: Any) -> None:
    _connect(worker.wsgi)
    begin(worker)
    signal.signal(SIGNAL, _tell)
    signal.siginterrupt(SIGNAL, False)
    if FORGETS_NOTHING in os.environ:
        worker.wsgi.wsgi_app = _Hoard(worker.wsgi.wsgi_app)


def _connect(app: Any) -> None:
    """Open all connections that there may be: each has some hundred KiB of its own."""
    with app.app_context(), ExitStack() as opened:
        for _ in range(database.db.engine.pool.size()):
            opened.enter_context(database.db.engine.connect())


class _Hoard:
    """Keeps something of each request."""

    def __init__(self, answer: Any):
        self._answer = answer
        self._kept: list[list[bytes]] = []
        self._open: list[int] = []

    def __call__(self, *request: Any) -> Any:
        self._kept.append([os.urandom(BYTES) for _ in range(PIECES)])
        if len(self._kept) % ONE_IN == 0:
            self._open.append(os.open(os.devnull, os.O_RDONLY))
        return self._answer(*request)


def _remember_few_pages(connection: Any, _record: object) -> None:
    if hasattr(connection, "iterdump"):  # SQLite's
        connection.execute("PRAGMA cache_size = 16")


def _be_looked_at() -> None:
    """Change this process; whoever imports this module stays as it is."""
    serving._begin = _begin
    known.MOST_KNOWN = 64
    database.PREPARED = 8
    event.listen(Pool, "connect", _remember_few_pages)


begin = serving._begin

if __name__ == "__main__":
    from consent_server.cli import main

    _be_looked_at()
    main(["serve"])
