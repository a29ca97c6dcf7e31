"""The service's address as pages know it: the real service, or one of its ways to be broken."""

import contextlib
import http.client
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.fault.outage.answers import OPEN_TO_ALL, SPOILED, STATIC, Answer, Asked, Spoil

#: Where the site's own host passes requests on to the service.
OWN_PATH = "/privacy-choices"


class Outage:
    """One port of this machine whose mode a test changes as it goes."""

    def __init__(self, service: str, pages: str, certificate: tuple[Path, Path]):
        """:param pages: where the site's own pages are, for its own host"""
        self._service = service.removeprefix("http://")
        self._pages = pages.removeprefix("http://")
        self._lock = threading.Lock()
        #: Where a path begins, and in which mode it then is; the first that fits.
        self._rules: list[tuple[tuple[str, ...], str]] = []
        self._is_closed = threading.Event()
        self._is_late = threading.Event()
        self._held: list[socket.socket] = []
        #: Method and path of every request that arrived, in order.
        self.seen: list[tuple[str, str]] = []
        self._spoiled: dict[str, Spoil] = {}
        # A port that is bound and not listened at refuses connections, and stays ours.
        self._reserved = _bound(0)
        self.port: int = self._reserved.getsockname()[1]
        self._listening: socket.socket | None = None
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(*certificate)
        self._secure = _bound(0)
        self._serve(self._secure, self._shake_hands)
        self._listen()

    @property
    def origin(self) -> str:
        """Return where the service is, as pages know it."""
        return f"http://127.0.0.1:{self.port}"

    def own_host(self, host: str) -> str:
        """Return the origin at which a host of the site has both its pages and the service."""
        return f"http://{host}:{self.port}"

    @property
    def secure_origin(self) -> str:
        """Return where the service is with a certificate that nobody signed."""
        return f"https://127.0.0.1:{self._secure.getsockname()[1]}"

    def breaks(self, mode: str, *paths: str, spoil: Spoil | None = None) -> None:
        """From now on, everything below these paths fails in this mode; everything without any.

        :param spoil: what becomes of an answer, for a mode of the test's own
        """
        if spoil:
            self._spoiled[mode] = spoil
        self._is_late.clear()
        self._rules.append((paths or ("/",), mode))
        if mode == "refused" and not paths:
            self._deafen()

    def recovers(self) -> None:
        """Answer again. What was left without an answer never gets one."""
        self._rules = []
        self._listen()

    def answers_late(self) -> None:
        """Answer what the mode "slow" has held back so far, and at once from now on."""
        self._is_late.set()

    @property
    def held(self) -> int:
        """Return how many requests wait for an answer at this moment."""
        with self._lock:
            return len(self._held)

    def asked_for(self, part: str) -> int:
        """Return how many requests had this in their path."""
        return sum(part in path for _, path in self.seen)

    def wait_until_held(self, count: int = 1) -> None:
        """Wait until so many requests have been left without an answer."""
        deadline = time.monotonic() + 30
        while self.held < count:
            assert time.monotonic() < deadline, f"{self.held} requests wait, not {count}"
            time.sleep(0.01)

    def hang_up(self) -> None:
        """End the connections that were left without an answer, as a proxy on the way does."""
        with self._lock:
            for connection in self._held:
                _end(connection)

    def close(self) -> None:
        """Stop."""
        self._is_closed.set()
        self._is_late.set()
        self._deafen()
        self.hang_up()
        for listening in (self._secure, self._reserved):
            _end(listening)
            listening.close()

    def _listen(self) -> None:
        if self._listening is None:
            self._listening = _bound(self.port)
            self._serve(self._listening, self._answer)

    def _deafen(self) -> None:
        if self._listening is not None:
            _end(self._listening)
            self._listening.close()
            self._listening = None

    def _serve(self, listening: socket.socket, talk: Callable[[socket.socket], None]) -> None:
        listening.listen(50)

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=self._attend, args=(connection, talk), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()

    @staticmethod
    def _attend(connection: socket.socket, talk: Callable[[socket.socket], None]) -> None:
        """The visitor may go at any time: that ends the talk and nothing else."""
        with contextlib.suppress(OSError), connection:
            talk(connection)

    def _shake_hands(self, connection: socket.socket) -> None:
        with self._tls.wrap_socket(connection, server_side=True) as secure:
            self._answer(secure)

    def _answer(self, connection: socket.socket) -> None:
        asked = _read(connection)
        if asked is None:
            return
        self.seen.append((asked.method, asked.path))
        fitting = (mode for paths, mode in self._rules if asked.path.startswith(paths))
        mode = next(fitting, "up")
        if mode == "refused":
            _reset(connection)
        elif mode == "black hole":
            self._hold(connection)
        else:
            if mode == "slow" and not self._is_late.is_set():
                self._hold(connection, self._is_late)
            _send(connection, self._made(mode, asked))

    def _made(self, mode: str, asked: Asked) -> Answer:
        if mode in STATIC:
            return STATIC[mode]
        if mode == "bad TLS":
            headers = {"Location": self.secure_origin + asked.path, **OPEN_TO_ALL}
            return Answer(307, "text/plain", b"", headers)
        true = self._forwarded(asked)
        spoil = self._spoiled.get(mode) or SPOILED.get(mode)
        return spoil(asked, true) if spoil else true

    def _forwarded(self, asked: Asked) -> Answer:
        is_page = not asked.path.startswith((OWN_PATH, "/s/", "/widget/", "/v1/"))
        upstream = http.client.HTTPConnection(self._pages if is_page else self._service, timeout=30)
        try:
            kept = {"host", "origin", "content-type", "idempotency-key", "consent-id"}
            headers = {name: value for name, value in asked.headers.items() if name in kept}
            path = asked.path.removeprefix(OWN_PATH)
            upstream.request(asked.method, path, asked.body or None, headers)
            answer = upstream.getresponse()
            body = answer.read()
            dropped = {"content-length", "connection", "transfer-encoding", "content-type", "date"}
            named = {k: v for k, v in answer.getheaders() if k.lower() not in dropped}
            return Answer(answer.status, answer.headers["Content-Type"] or "", body, named)
        finally:
            upstream.close()

    def _hold(self, connection: socket.socket, until: threading.Event | None = None) -> None:
        """Say nothing until it is time, or the visitor hangs up."""
        with self._lock:
            self._held.append(connection)
        try:
            connection.settimeout(0.05)
            while not self._is_closed.is_set() and not (until and until.is_set()):
                try:
                    if connection.recv(4096) == b"":
                        raise ConnectionResetError
                except TimeoutError:
                    continue
            connection.settimeout(None)
        finally:
            with self._lock:
                self._held.remove(connection)


def _read(connection: socket.socket) -> Asked | None:
    connection.settimeout(30)
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(65536)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    while len(body) < int(headers.get("content-length", 0)):
        piece = connection.recv(65536)
        if not piece:
            return None  # the page went before it had said all
        body += piece
    return Asked(method, path, headers, body)


def _send(connection: socket.socket, answer: Answer) -> None:
    length = len(answer.body) if answer.announced is None else answer.announced
    lines = [f"HTTP/1.1 {answer.status} X", "Connection: close", f"Content-Length: {length}"]
    if answer.kind:
        lines.append(f"Content-Type: {answer.kind}")
    headers = {"Cache-Control": "no-store", **answer.headers}
    lines += [f"{name}: {value}" for name, value in headers.items()]
    connection.sendall("\r\n".join([*lines, "", ""]).encode() + answer.body)


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made


def _end(connection: socket.socket) -> None:
    # It never was connected, or the other side was faster.
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
