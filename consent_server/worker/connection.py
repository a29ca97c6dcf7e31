"""A client's connection, and what the loop knows of it."""

import time
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any

from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

from consent_server.worker.client import Client
from consent_server.worker.framing import Framer

if TYPE_CHECKING:
    from consent_server.worker.line import Lane


class Waiting(Enum):
    """What the loop waits for on a connection."""

    REQUEST = "the rest of a request"
    READER = "a client that reads its answer"
    CLOSE = "a client that closes its side"


class Connection(TConn):  # type: ignore[misc]  # gunicorn ships no types
    """A client's connection, and what was received and not read yet.

    :param linger: closes it when the client has read the last answer
    """

    sock: Client

    def __init__(self, linger: "Callable[[Connection], None]", *about: Any):
        super().__init__(*about)
        self._linger = linger
        self.received = bytearray()
        self.framer = Framer()
        #: When the loop began to wait for it, and when it stops.
        self.since = self.deadline = time.monotonic()
        #: Whether the client was told to send the body.
        self.is_told = False
        #: Whether nothing may follow what was received.
        self.is_last = False
        self.is_closed = False
        self.drained = 0
        #: In which line its request waits, since when, when a thread took it, and what the threads
        #: were given (a future).
        self.lane: Lane
        self.joined = self.begun = 0.0
        self.given: Any = None
        #: What its thread made of the request whose answer is not read yet (a future).
        self.answered: Any = None

    def close(self, graceful: bool = False) -> None:
        """Close at once, or when the client has read the last answer."""
        if graceful:
            self._linger(self)
        else:
            self.is_closed = True
            super().close()


def nothing_more(_size: int | None = None) -> bytes:
    """Stand in for the socket: whatever the parser makes of a request, no thread waits for more."""
    return b""
