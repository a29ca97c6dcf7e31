"""Many connections at once: each sends its next request when the last one is answered."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench.client import ANSWER_SECONDS, Job, fresh_body
from bench.contestants import ROUTES, Contestant
from bench.processes import BenchFailed

CONNECTIONS = 64
#: What the slowest request of a hundred may take, in units of the median.
MOST = 4.0
_END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True)
class Seen:
    """What the connections saw together."""

    seconds: float
    #: Of each request, sorted.
    milliseconds: Sequence[float]
    #: Status → number of answers; ``lost`` where the connection ended instead.
    answers: dict[str, int]

    def quantile(self, part: float) -> float:
        """Return how many milliseconds that part of the requests took at the most.

        :param part: 0 to 1
        """
        return self.milliseconds[
            min(len(self.milliseconds) - 1, int(len(self.milliseconds) * part))
        ]


@dataclass
class _Connection:
    socket: socket.socket
    #: Requests, in their order; the next one is at the end.
    requests: list[bytes]
    sent: float = 0.0
    received: bytes = b""

    def send(self) -> None:
        self.received = b""
        self.sent = time.perf_counter()
        self.socket.sendall(self.requests.pop())


@dataclass
class _Crowd:
    """Connections that wait for an answer each."""

    waiting: selectors.BaseSelector
    milliseconds: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)

    def take(self, connection: _Connection) -> None:
        """Take what came; send the next request when it is an answer."""
        try:
            some = connection.socket.recv(65536)
        except ConnectionError:
            some = b""
        connection.received += some
        status = _status(connection.received)
        if status is not None:
            self.milliseconds.append((time.perf_counter() - connection.sent) * 1000)
        if status is not None or not some:
            self.answers[status or "lost"] += 1
            if some and connection.requests:
                connection.send()
            else:
                self.waiting.unregister(connection.socket)


def crowd(job: Job, count: int, connections: int = CONNECTIONS) -> Seen:
    """Send a number of equal requests over many connections.

    :param count: of requests; each connection sends its share
    :raises BenchFailed: nothing came for :data:`~bench.client.ANSWER_SECONDS`
    """
    shares = [len(range(share, count, connections)) for share in range(connections)]
    with ExitStack() as stack:
        seen = _Crowd(stack.enter_context(selectors.DefaultSelector()))
        opened = []
        for share in filter(None, shares):
            address = ("127.0.0.1", job.port)
            made = stack.enter_context(socket.create_connection(address, ANSWER_SECONDS))
            made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            opened.append(_Connection(made, [_request(job) for _ in range(share)]))
        started = time.perf_counter()
        for connection in opened:
            seen.waiting.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send()
        while seen.waiting.get_map():
            ready = seen.waiting.select(ANSWER_SECONDS)
            if not ready:
                raise BenchFailed(f"{job.method} {job.path}: no answer to {connections} at once")
            for key, _ in ready:
                seen.take(key.data)
        seconds = time.perf_counter() - started
    return Seen(seconds, sorted(seen.milliseconds), dict(seen.answers))


def _request(job: Job) -> bytes:
    body = fresh_body(job)
    headers = {"Host": "127.0.0.1", **job.headers}
    if body is not None:
        headers["Content-Length"] = str(len(body))
    lines = [f"{job.method} {job.path} HTTP/1.1", *(f"{n}: {v}" for n, v in headers.items())]
    return "\r\n".join(lines).encode() + _END_OF_HEAD + (body or b"")


def _status(received: bytes) -> str | None:
    """Return the status of an answer that is whole; it tells its length."""
    head, end, body = received.partition(_END_OF_HEAD)
    if not end:
        return None
    status, *lines = head.decode("latin-1").split("\r\n")
    lengths = [int(line[15:]) for line in lines if line.lower().startswith("content-length:")]
    return status.split()[1] if not lengths or len(body) >= lengths[0] else None


def crowds(contestant: Contestant, count: int) -> dict[str, dict[str, object]]:
    """Return route → what many connections saw of it, JSON-ready."""
    found: dict[str, dict[str, object]] = {}
    for route in ROUTES:
        job = contestant.jobs[route.name]
        seen = crowd(job, count)
        median, slow = seen.quantile(0.5), seen.quantile(0.99)
        found[route.name] = {
            "connections": CONNECTIONS,
            "requests_per_second": round(count / seen.seconds),
            "median_ms": round(median, 1),
            "p99_ms": round(slow, 1),
            "p99_to_median": round(slow / median, 2),
            "answers": seen.answers,
            "not_as_expected": count - seen.answers.get(str(job.expected), 0),
        }
    return found
