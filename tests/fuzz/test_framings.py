"""F-26: no bytes make the server see a request that is not there, fall silent, or fail."""

import http.server
import json
import random
import re
import socket
import struct
import threading
from collections import Counter
from contextlib import suppress

import pytest

from tests.fault.server.front import behind_nginx
from tests.fault.trials import Trials
from tests.fuzz.framings import CANARY, GET, Framings
from tests.fuzz.reading import requests_in
from tests.server import start

STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) [ -~]+\r\n")
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n", re.IGNORECASE)
#: Seconds; the server waits for no more once a client has said that it sends no more.
PATIENCE = 8


@pytest.fixture
def server(sqlite_url, tmp_path):
    """The service as a process of its own; it counts no rates."""
    environment = {
        "DATABASE_URL": sqlite_url,
        "CONSENT_DATA_DIR": str(tmp_path / "var"),
        "CONSENT_RATES": "false",
    }
    running = start(environment, tmp_path)
    yield running
    running.stop()


def answers_in(received):
    """Split what came back; gives (status, head, body) of each final answer.

    :raises AssertionError: there is something between them, or one is cut off
    """
    answers = []
    while received:
        status = STATUS.match(received)
        assert status, f"no answer: {received[:60]!r}"
        head, end, rest = received.partition(b"\r\n\r\n")
        assert end, f"a head without an end: {received[:60]!r}"
        length = LENGTH.search(head + b"\r\n")
        size = int(length[1]) if length else 0
        assert len(rest) >= size, f"cut off: {received[:60]!r}"
        if status[1] != b"100":
            answers.append((int(status[1]), head.lower(), rest[:size]))
        received = rest[size:]
    return answers


def faults_of(data, received):
    """Yield what is wrong with the answers to these bytes."""
    read = requests_in(data)
    answers = answers_in(received)
    for number, (status, head, body) in enumerate(answers):
        if status >= 500 and status != 501:
            yield f"answered {status}"
        if number >= len(read) and status < 400:
            yield f"answered {status} to what is no request"
        if status >= 400 and json.loads(body)["status"] != status:
            yield f"{status}, which is no problem"
        if b"connection: close" in head and number < len(answers) - 1:
            yield "went on after it said that it would not"
    if len(answers) > len(read) + 1:
        yield f"{len(answers)} answers to {len(read)} requests"
    found = sum(b'"crv"' in body for _, _, body in answers)
    if found > sum(one.target == CANARY for one in read):
        yield "the hidden request was answered"


class Client:
    """Sends bytes in one of three ways, and takes what comes."""

    def __init__(self, port, dice):
        self._address = ("127.0.0.1", port)
        self._dice = dice

    def send(self, data):
        """Send all in one of three ways; gives what came back, None if this client left before."""
        return self._send(data, self._dice.randrange(10))

    def ask(self):
        """Send a good request as a good client does; gives the answer."""
        return self._send(GET, 9)

    def _send(self, data, way):
        with socket.create_connection(self._address, timeout=PATIENCE) as sock:
            with suppress(BrokenPipeError, ConnectionResetError):
                if way < 2:
                    at = self._dice.randrange(len(data))
                    sock.sendall(data[:at])
                    data = data[at:]
                sock.sendall(data)
                if way == 2:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return None
                with suppress(OSError):  # the server has closed before
                    sock.shutdown(socket.SHUT_WR)
            return self._rest(sock)

    def _rest(self, sock):
        received = b""
        with suppress(ConnectionResetError):
            while piece := sock.recv(65536):
                received += piece
        return received


def routes_in(log):
    """Yield the route of each request that the service saw."""
    for line in map(json.loads, log.splitlines()[1:]):
        if line["event"] == "request":
            yield line["route"]


def run(trials, server):
    """Send a framing in each trial; gives how often the hidden request may have been seen."""
    framings, client, canaries = Framings(trials.random), Client(server.port, trials.random), 0
    for number in trials:
        data, done = framings.connection()
        canaries += sum(one.target == CANARY for one in requests_in(data))
        try:
            received = client.send(data)
            faults = [] if received is None else list(faults_of(data, received))
        except (AssertionError, TimeoutError) as failure:
            faults = [repr(failure)]
        if faults:
            trials.fail(number, f"{faults} {done} {data!r}")
        trials.counts[
            "cut" if received is None else str(received[9:12], "latin-1") or "closed"
        ] += 1
        if number % 10 == 0 and not client.ask().startswith(b"HTTP/1.1 200"):
            trials.fail(number, "a good request is not answered")
    return canaries


class Lenient(http.server.BaseHTTPRequestHandler):
    """Takes the first length for the length, and every line end for one."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """Read as much as is announced, and say what was asked for."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b'"crv"' if self.path == CANARY.decode() else b"{}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *_about):
        """Say nothing."""


class LenientServer(http.server.ThreadingHTTPServer):
    """What it cannot read ends the connection."""

    def handle_error(self, *_about):
        """Say nothing."""


@pytest.fixture
def lenient():
    with LenientServer(("127.0.0.1", 0), Lenient) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_these_framings_would_find_a_lenient_server(lenient):
    dice = random.Random(1)
    framings, client, found = Framings(dice), Client(lenient.server_port, dice), set()
    for _ in range(600):
        data, _ = framings.connection()
        with suppress(AssertionError, ValueError):
            found |= set(faults_of(data, client.send(data) or b""))

    assert {"the hidden request was answered", "2 answers to 0 requests"} <= found


def test_no_framing_hides_a_request_or_silences_the_server(server):
    trials = Trials("F-26 framing", "raw requests", 100_000)

    may_be_seen = run(trials, server)

    routes = list(routes_in(server.stop()))
    trials.counts["hidden, seen"] = routes.count(CANARY.decode())
    if trials.counts["hidden, seen"] > may_be_seen:
        trials.fail(trials.done, f"{CANARY.decode()} was asked for {may_be_seen} times in clear")
    trials.close(input="framing")
    assert trials.failures == []


def test_proxy_and_service_see_the_same_requests(server, tmp_path):
    """The same bytes to nginx, which reads more than the letter: what it forwards arrives."""
    trials = Trials("F-26 framing, nginx", "raw requests", 20_000)
    # Else it forgets what it forwarded for a client that says that it sends no more.
    with behind_nginx(server, tmp_path, "proxy_ignore_client_abort on;") as front:
        framings, client = Framings(trials.random), Client(front.port, trials.random)
        for number in trials:
            data, done = framings.connection()
            received = client.send(data)
            statuses = set(map(int, re.findall(rb"HTTP/1\.1 (\d{3}) ", received or b"")))
            if {status for status in statuses if status >= 500} - {501, 505}:
                trials.fail(number, f"{statuses} to {done} {data!r}")
            if number % 10 == 0 and not client.ask().startswith(b"HTTP/1.1 200"):
                trials.fail(number, "a good request is not answered")
    lines = [line.split(" ", 2) for line in (tmp_path / "front.log").read_text().splitlines()]
    forwarded = Counter((status, target) for _, status, target in lines if status != "-")
    log = server.stop()
    hidden = forwarded["200", CANARY.decode()]
    trials.counts |= {"forwarded": forwarded.total(), "hidden, in clear": hidden}
    trials.close(input="framing")

    assert trials.failures == []
    assert list(routes_in(log)).count(CANARY.decode()) == hidden > 0
    # And once it was asked whether it is ready.
    assert log.count('"request"') + log.count('"request_not_answered"') <= forwarded.total() + 1
