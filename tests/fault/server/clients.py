"""Clients that take their time, and clients that count what they are answered."""

import http.client
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
PAGE = b"GET /docs HTTP/1.1\r\nHost: x\r\n\r\n"
BODY = (
    b"POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Content-Length: 900\r\n\r\n{"
)
#: What each kind sends at once, and whether it goes on byte by byte.
KINDS = {
    "a head": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ", True),
    "a body": (BODY, True),
    "nothing": (b"", False),
    "a second request": (REQUEST + b"GET /healthz HTTP/1.1\r\nX-Slow: ", True),
    "no end": (b"GET /healthz HTTP/1.0\r\nHost: x\r\n\r\n", False),
}


class SlowClients:
    """Many sockets of every kind, held open; a byte now and then for those that go on."""

    def __init__(self, port: int, count: int):
        self._port = port
        self._over = threading.Event()
        self._sockets: list[tuple[socket.socket, bool]] = []
        for kind in itertools.islice(itertools.cycle(KINDS), count):
            self._open(kind)
        self._thread = threading.Thread(target=self._drip)
        self._thread.start()

    def __enter__(self) -> "SlowClients":
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for client, _ in self._sockets:
            client.close()

    def _open(self, kind: str) -> None:
        first, goes_on = KINDS[kind]
        client = socket.create_connection(("127.0.0.1", self._port), timeout=10)
        client.sendall(first)
        self._sockets.append((client, goes_on))

    def _drip(self) -> None:
        """Send bytes; who was cut off comes again, as an attacker would."""
        kinds = itertools.cycle(["a head", "a body"])
        while not self._over.wait(0.2):
            for entry in [entry for entry in self._sockets if entry[1]]:
                try:
                    entry[0].sendall(b"a")
                except OSError:
                    self._sockets.remove(entry)
                    entry[0].close()
                    self._open(next(kinds))


class NonReadingClients:
    """Sockets with little room that ask for long pages and read nothing."""

    def __init__(self, port: int, count: int, pages: int = 20):
        self.sockets = [socket.socket() for _ in range(count)]
        for client in self.sockets:
            client.settimeout(30)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
            client.connect(("127.0.0.1", port))
            client.sendall(PAGE * pages)

    def __enter__(self) -> "NonReadingClients":
        return self

    def __exit__(self, *_: object) -> None:
        for client in self.sockets:
            client.close()


class CountingClients:
    """Threads that ask without a pause, half of them on one kept connection each."""

    def __init__(self, port: int, count: int):
        self.answered = 0
        self.failed: list[str] = []
        self._port = port
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(number % 2 == 0,)) for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> "CountingClients":
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Wait until so many more requests were answered."""
        enough = self.answered + more
        wait_until(lambda: self.answered >= enough or bool(self.failed))

    def _ask(self, keeps: bool) -> None:
        connection = None
        while not self._over.is_set():
            connection = connection or self._connection()
            try:
                connection.request("GET", "/healthz", headers={} if keeps else CLOSE)
                answer = connection.getresponse()
                answer.read()
                self._count(None if answer.status == 200 else str(answer.status))
            except OSError as error:
                self._count(repr(error))
                answer = None
            except http.client.HTTPException as error:
                self._count(repr(error))
                answer = None
            if answer is None or answer.will_close:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)

    def _count(self, problem: str | None) -> None:
        with self._lock:
            if problem is None:
                self.answered += 1
            else:
                self.failed.append(problem)


CLOSE = {"Connection": "close"}


def wait_until(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen")
        time.sleep(0.02)


def ask(port: int, times: int, seconds: float) -> Iterator[int]:
    """Ask for health and post a body by turns; yield what is answered within so many seconds."""
    for number in range(times):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
        try:
            if number % 2:
                connection.request("POST", "/v1/check", b"{}", {"Content-Type": "application/json"})
            else:
                connection.request("GET", "/healthz")
            yield connection.getresponse().status
        except TimeoutError:
            yield 0
        finally:
            connection.close()
