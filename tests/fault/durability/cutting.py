"""Between the service and PostgreSQL: cuts the connection of a decision on its way, or is slow."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Literal
from urllib.parse import urlsplit

#: Where the cut comes: the database never hears of it; it has committed, and its answer is lost; it
#: hears of it, and nobody waits for what it does.
Moment = Literal["before", "after", "during"]
#: What is written when a first decision is; the end of any other.
WRITES = (b"INSERT INTO consent_records", b"COMMIT")
#: The server is ready, and in no transaction (PostgreSQL protocol 3.0, ReadyForQuery).
COMMITTED = b"Z\x00\x00\x00\x05I"


class Cutting:
    """A port that leads to the database, until it is told to cut."""

    def __init__(self, host: str, port: int):
        self._database = (host, port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._lock = threading.Lock()
        self._moment: Moment | None = None
        self._was_cut = threading.Event()
        self._open: set[socket.socket] = set()
        self._delay, self._is_quick = 0.0, threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, moment: Moment, patience: float) -> bool:
        """Cut the connection of the next decision; say whether one came in so many seconds."""
        self._was_cut.clear()
        with self._lock:
            self._moment = moment
        return self._was_cut.wait(patience)

    def slow_down(self, seconds: float) -> None:
        """Let each answer of the database take so long from now on; those on their way come."""
        was_quick, self._is_quick = self._is_quick, threading.Event()
        self._delay = seconds
        was_quick.set()

    def dawdle(self) -> None:
        """Take the time that an answer takes."""
        if self._delay:
            self._is_quick.wait(self._delay)

    def close(self) -> None:
        """Lead nowhere any more."""
        self.slow_down(0)
        _end(self._listening)
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            _end(connection)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._database, timeout=10)
                far.settimeout(None)
                near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self._open |= {near, far}
                _Conversation(self, near, far)

    def taken(self, moments: tuple[Moment, ...]) -> Moment | None:
        """Return the moment that is asked for, if it is one of these; the cut is that caller's."""
        with self._lock:
            if self._moment not in moments:
                return None
            found, self._moment = self._moment, None
        return found

    def ended(self, near: socket.socket, far: socket.socket, *, was_cut: bool) -> None:
        """Close both ends of a conversation."""
        _end(near)
        _end(far)
        with self._lock:
            self._open -= {near, far}
        if was_cut:
            self._was_cut.set()


class _Conversation:
    """What the service and the database say to each other on one connection."""

    def __init__(self, cutting: Cutting, near: socket.socket, far: socket.socket):
        self._cutting = cutting
        self._near, self._far = near, far
        #: Whether the answer on its way is to a decision.
        self._is_writing = False
        for speak in (self._ask, self._answer):
            threading.Thread(target=self._until_the_end, args=(speak,), daemon=True).start()

    def _until_the_end(self, speak: "Speaking") -> None:
        was_cut = False
        with contextlib.suppress(OSError):
            was_cut = speak()
        self._cutting.ended(self._near, self._far, was_cut=was_cut)

    def _ask(self) -> bool:
        while asked := self._near.recv(65536):
            self._is_writing = any(word in asked for word in WRITES)
            moment = self._cutting.taken(("before", "during")) if self._is_writing else None
            if moment != "before":
                self._far.sendall(asked)
            if moment is not None:
                return True
        return False

    def _answer(self) -> bool:
        while answered := self._far.recv(65536):
            is_committed = self._is_writing and answered.endswith(COMMITTED)
            if is_committed and self._cutting.taken(("after",)):
                return True
            self._cutting.dawdle()
            self._near.sendall(answered)
        return False


Speaking = type(_Conversation._ask)


def _end(connection: socket.socket) -> None:
    """Close a socket that another thread may wait for."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


@contextlib.contextmanager
def in_between(environment: dict[str, str]) -> Iterator[Cutting]:
    """Put it between a database and a service that will be started with an environment."""
    address = urlsplit(environment["DATABASE_URL"])
    with contextlib.closing(Cutting(address.hostname or "", address.port or 0)) as made:
        there = address.netloc.replace(f":{address.port}", f":{made.port}")
        environment["DATABASE_URL"] = address._replace(netloc=there).geturl()
        yield made
