"""The first process, which starts the others and ends them."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]

#: What tells a process to end, or to open its files anew.
TOLD = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1}


def listen() -> None:
    """Hear, in a process that was started, what it is told, and was told since it began."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, TOLD)


@contextmanager
def untold() -> Iterator[None]:
    """Let what this process is told wait until the block ends."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, TOLD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class FirstProcess(Arbiter):  # type: ignore[misc]  # gunicorn ships no types
    """Loses nothing that it tells a process which has only just begun.

    Until it listens itself, such a process does with a signal what the first one does: it notes it,
    where nobody will look. Who was told then to end was waited for, and killed after half a minute.
    """

    def __init__(self, app: Any):
        super().__init__(app)
        # What USR2 runs is what ran this one. gunicorn names the file that ``-m`` found, and a
        # file knows no package: the second program would not find the service.
        self.START_CTX["args"] = [sys.executable, *sys.orig_argv[1:]]

    def spawn_worker(self) -> int:
        """Start a process, which is told nothing before it has handlers of its own (``listen``)."""
        with untold():
            started: int = super().spawn_worker()
            return started
