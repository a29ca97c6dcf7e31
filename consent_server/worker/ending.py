"""How a worker ends: nobody who reads slowly keeps its process, and no thread writes where another
file is by now.

gunicorn's loop ends while threads still answer, after its time for them; Python then waits for each
of these threads.
"""

import select
import socket
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import (  # type: ignore[import-untyped]
    PollableMethodQueue,
    ThreadWorker,
)

from consent_server.worker.connection import Connection
from consent_server.worker.first import listen


class WakeUps(PollableMethodQueue):  # type: ignore[misc]  # gunicorn ships no types
    """What threads leave to the loop; its pipe is closed by the end of the process alone.

    A thread that is done after the loop writes a byte to the pipe by its number. Had that been
    closed, the number could be the database's by then, and the byte would be its first.
    """

    def close(self) -> None:
        """Close nothing."""


class EndingWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Ends when its loop does."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.method_queue = WakeUps()
        #: Connections that threads answer.
        self._answering: set[Connection] = set()

    def init_signals(self) -> None:
        """Do what this process is told from now on, and was told since it began."""
        super().init_signals()
        listen()

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take new connections or none; at the end, first all that are there already.

        Whoever was connected when the listener is closed is cut off, after up to the whole time
        that others have for their answers. Once it is closed they are refused at once, or another
        process takes them.
        """
        super().set_accept_enabled(enabled)
        if self.alive or enabled:
            return
        for listener in self.sockets:
            for _ in range(self.worker_connections):
                if not select.select([listener], [], [], 0)[0]:
                    break
                self.accept(listener)
            listener.close()

    def run(self) -> None:
        """Serve; then cut off whoever reads an answer more slowly than a worker waits."""
        try:
            super().run()
        finally:
            for conn in self._answering.copy():
                with suppress(OSError):  # it is gone
                    conn.sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for it

    def handle(self, conn: Connection) -> Any:
        """Answer a request, in a thread."""
        self._answering.add(conn)
        try:
            return super().handle(conn)
        finally:
            self._answering.discard(conn)
