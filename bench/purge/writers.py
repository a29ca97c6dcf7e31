"""Decisions at a steady pace, whatever becomes of them, and how long each one took."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from bench.client import Job, fresh_body
from bench.processes import BenchFailed

#: Connections, each with a thread.
CONNECTIONS = 4


@dataclass
class Writers:
    """What the writers saw so far."""

    #: Milliseconds from the instant at which a decision was due to its answer.
    waits: list[float] = field(default_factory=list)
    #: Answers that were wrong.
    wrong: list[str] = field(default_factory=list)

    def taken(self) -> list[float]:
        """Return the waits since the last call.

        :raises BenchFailed: an answer was wrong
        """
        if self.wrong:
            raise BenchFailed(f"a decision was answered {self.wrong[0]}")
        waits, self.waits = self.waits, []
        return waits


@contextmanager
def writing(job: Job, per_second: float) -> Iterator[Writers]:
    """Send decisions until the block ends.

    A decision that is due while the one before is not answered waits, and that counts: who waits
    in a queue waits too.
    """
    writers, is_over = Writers(), threading.Event()
    threads = [
        threading.Thread(target=_send, args=(job, writers, is_over, CONNECTIONS / per_second, at))
        for at in range(CONNECTIONS)
    ]
    for thread in threads:
        thread.start()
    try:
        yield writers
    finally:
        is_over.set()
        for thread in threads:
            thread.join()


def _send(job: Job, writers: Writers, is_over: threading.Event, every: float, at: int) -> None:
    due = time.monotonic() + every * at / CONNECTIONS
    with closing(http.client.HTTPConnection("127.0.0.1", job.port, timeout=30)) as connection:
        while not is_over.wait(max(0.0, due - time.monotonic())):
            connection.request(job.method, job.path, fresh_body(job), job.headers)
            answer = connection.getresponse()
            said = answer.read()
            writers.waits.append((time.monotonic() - due) * 1000)
            if answer.status != job.expected:
                writers.wrong.append(f"{answer.status}: {said[:300]!r}")
                return
            due += every
