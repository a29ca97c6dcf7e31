"""gunicorn's threaded worker, in which nobody waits for a client.

gunicorn's own gives a thread to whoever connects: as many clients as threads, each sending a byte
now and then, keep all others waiting. Here the loop reads all of them at once; a thread gets a
request when it is whole (``line``). What is not in time is told so and closed.

Likewise it sends what a client does not take at once, and it ends connections: gunicorn's loop
waits up to two seconds for each client that does not close its side.
"""

import errno
import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from threading import Semaphore
from typing import Any

import structlog
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]

from consent_server.worker.answers import admit, status_of
from consent_server.worker.client import SLOWEST, WRITE_SECONDS, Client
from consent_server.worker.connection import Connection, Waiting, nothing_more
from consent_server.worker.framing import Framer, Framing
from consent_server.worker.line import LiningWorker
from consent_server.worker.refusing import HEAD

log = structlog.get_logger(__name__)
#: Seconds from the connection, or from the first byte on a kept one, to the last byte of a request.
READ_SECONDS = 10.0
#: Seconds for a client to close its side after the last answer, and bytes that it may still send.
LINGER_SECONDS, LINGER_BYTES = 2.0, 64 * 1024
#: Seconds between two looks at who is too slow.
LOOK_EVERY = 0.5
#: Bytes received at once; with a head and a body, 128 KiB of a connection at the most.
PIECE = 32 * 1024
#: Bytes that the loop keeps for all slow readers together.
UNSENT = 64 * 1024 * 1024
#: Connections that make room when the process may not open another file.
AT_ONCE = 10
NO_ROOM = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Worker(LiningWorker):
    """Reads and sends in its loop, answers in threads.

    A request that is no HTTP is answered with problem details: gunicorn's own answer quotes what
    the client sent, and its log names the client's address.
    """

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        #: Connections that the loop waits for, from the one it has waited for longest.
        self._waiting: dict[Connection, Waiting] = {}
        self._next_look = 0.0
        #: Half of the threads answer whoever reads at once.
        self._places = Semaphore(max(1, self.cfg.threads // 2))

    def accept(self, listener: Any) -> None:
        """Accept a connection, and read what is there."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in NO_ROOM:  # rather fewer than none
                self._make_room(AT_ONCE)
            elif error.errno in (errno.EBADF, errno.EINVAL):
                raise  # anything else is the fault of that one connection
            return
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:  # there gunicorn would let everybody wait
            self._make_room(1)
        sock = Client(client, self._places)
        conn = Connection(self.linger, self.cfg, sock, address, listener.getsockname())
        conn.deadline = conn.since + READ_SECONDS
        self._receive(conn)

    def enqueue_req(self, conn: Connection) -> None:
        """Look at what came early on a connection that was kept, and read it if nothing did."""
        conn.received += conn.parser.unreader.take_buffered()
        conn.framer = Framer()
        conn.deadline = time.monotonic() + READ_SECONDS
        conn.is_told = False
        conn.sock.setblocking(False)
        if conn.received:
            self._look(conn)
        else:
            self._receive(conn)

    def on_client_socket_readable(self, conn: Connection, client: socket.socket) -> None:
        """Read from a kept connection, unless it made room for another one just now."""
        if not conn.is_closed:
            super().on_client_socket_readable(conn, client)

    def handle(self, conn: Connection) -> Any:
        """Answer a request that is there, in a thread."""
        conn.init()
        conn.parser.unreader.chunk = nothing_more
        conn.parser.unreader.unread(bytes(conn.received))
        conn.sock.asked = bytes(conn.received[: len(HEAD)])
        conn.received.clear()
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Connection) -> Any:
        """Answer a request, and say so if the connection ends with it."""
        admit(req)
        req._expected_100_continue = False  # the loop has told the client
        if conn.is_last:
            req.force_close()
        return super().handle_request(req, conn)

    def handle_error(self, _req: Any, client: Client, _addr: Any, exc: Exception) -> None:
        """Answer and log by the kind of the fault alone."""
        status, reason = status_of(exc)
        log.warning("request_not_answered", fault=type(exc).__name__)
        self.tell(client.sendall, client.asked, status, reason)

    def finish_request(self, conn: Connection, fs: "Future[Any]") -> None:
        """Go on with a connection when its answer is sent; a thread may have left the end of it."""
        conn.since = time.monotonic()
        if not conn.sock.unsent or conn.sock.fileno() < 0:
            super().finish_request(conn, fs)
            return
        conn.answered = fs
        conn.deadline = conn.since + conn.sock.patience
        self._wait(conn, Waiting.READER)
        readers = [conn for conn, what in self._waiting.items() if what is Waiting.READER]
        kept = sum(len(conn.sock.unsent) for conn in readers)
        while kept > UNSENT:
            kept -= len(readers[0].sock.unsent)
            self._drop(readers.pop(0))

    def murder_pending(self) -> None:
        """End what is too slow; the loop calls this after each round."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_EVERY
        for conn in self.waiting_in_vain():
            self._refuse(conn, 503, "overloaded")
        for conn in [conn for conn in self._waiting if conn.deadline < now]:
            if self._waiting[conn] is Waiting.REQUEST and conn.received:
                self._refuse(conn, 408, "request_too_slow")
            else:
                self._drop(conn)

    def linger(self, conn: Connection) -> None:
        """Close a connection when the client has closed it, so that it reads the last answer."""
        self.nr_conns += 1
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
        except OSError:
            self._drop(conn)
            return
        conn.deadline = time.monotonic() + LINGER_SECONDS
        self._wait(conn, Waiting.CLOSE)

    def _cap_keepalive(self, deadline: float) -> None:
        """Do not wait for those that sent nothing, when the worker stops."""
        super()._cap_keepalive(deadline)
        for conn, what in self._waiting.items():
            if what is Waiting.REQUEST and not conn.received:
                conn.deadline = min(conn.deadline, deadline)

    def _wait(self, conn: Connection, what: Waiting) -> None:
        if conn in self._waiting:
            return
        conn.since = time.monotonic()
        self._waiting[conn] = what
        event = EVENT_WRITE if what is Waiting.READER else EVENT_READ
        self.poller.register(conn.sock, event, partial(self._go_on, conn))

    def _go_on(self, conn: Connection, _sock: Any) -> None:
        """Do what was waited for, unless the connection made room for another one just now."""
        what = self._waiting.get(conn)
        if what is Waiting.REQUEST:
            self._receive(conn)
        elif what is Waiting.READER:
            self._send(conn)
        elif what is Waiting.CLOSE:
            self._drain(conn)

    def _receive(self, conn: Connection) -> None:
        is_all = False
        try:
            piece = conn.sock.recv(PIECE)
            conn.received += piece
            is_all = not piece
        except BlockingIOError:
            pass
        except OSError:
            self._drop(conn)
            return
        if is_all and not conn.received:
            self._drop(conn)
            return
        self._look(conn, is_all=is_all)

    def _look(self, conn: Connection, *, is_all: bool = False) -> None:
        """Hand a request that is whole to a thread, and wait for the rest of another."""
        found = conn.framer.look(conn.received)
        if found is Framing.ASKS and not conn.is_told and not is_all:
            found = self._tell(conn)
        if found is Framing.TOO_LONG:
            self._refuse(conn, 431, "headers_too_large")
        elif found in (Framing.WHOLE, Framing.UNCLEAR):
            self._answer(conn, is_last=found is not Framing.WHOLE)
        elif is_all and conn.received.strip():
            self._refuse(conn, 400, "bad_request")
        elif is_all:  # some clients end a body with a line of its own
            self._drop(conn)
        else:
            self._wait(conn, Waiting.REQUEST)

    def _tell(self, conn: Connection) -> Framing:
        """Tell a client once to send its body, unless the head alone is enough to refuse it."""
        conn.is_told = True
        head = bytes(conn.received[: conn.framer.head])
        try:
            request = next(RequestParser(self.cfg, iter([head]), conn.client))
        except (ParseException, StopIteration):
            return Framing.UNCLEAR
        if request.version >= (1, 1):  # before, there was no such answer
            with suppress(OSError):
                conn.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        return Framing.PARTIAL

    def _answer(self, conn: Connection, *, is_last: bool) -> None:
        self._forget(conn)
        conn.is_last = is_last
        conn.data_ready = True
        conn.sock.patience = WRITE_SECONDS
        self.join_line(conn)

    def _send(self, conn: Connection) -> None:
        try:
            taken = conn.sock.offer()
        except OSError:
            self._drop(conn)
            return
        if conn.sock.unsent:
            latest = time.monotonic() + WRITE_SECONDS
            conn.deadline = min(conn.deadline + taken / SLOWEST, latest)
            return
        self._forget(conn)
        self.finish_request(conn, conn.answered)

    def _refuse(self, conn: Connection, status: int, reason: str) -> None:
        self._forget(conn)
        self.tell(conn.sock.send, conn.received, status, reason)
        self.nr_conns -= 1
        conn.close(graceful=True)

    def _drain(self, conn: Connection) -> None:
        try:
            piece = conn.sock.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        conn.drained += len(piece)
        if not piece or conn.drained > LINGER_BYTES:
            self._drop(conn)

    def _make_room(self, count: int) -> None:
        """Drop connections: who was waited for longest, or came last to a line that is longer."""
        for _ in range(count):
            if last := self.last_in_line(len(self._waiting) + len(self.keepalived_conns)):
                self.tell(last.sock.send, last.received, 503, "overloaded")
                self._drop(last)
                continue
            first = next(iter(self._waiting), None)
            kept = self.keepalived_conns[0] if self.keepalived_conns else None
            if kept is not None and (first is None or kept.since <= first.since):
                self.poller.unregister(self.keepalived_conns.popleft().sock)
                first = kept
            if first is not None:
                self._drop(first)

    def _drop(self, conn: Connection) -> None:
        """Close a connection at once, and once."""
        if conn.is_closed:
            return
        self._forget(conn)
        self.nr_conns -= 1
        if conn.sock.unsent:
            conn.sock.cut()
        conn.close()

    def _forget(self, conn: Connection) -> None:
        """Wait for nothing more from a connection."""
        if self._waiting.pop(conn, None) is not None:
            self.poller.unregister(conn.sock)
