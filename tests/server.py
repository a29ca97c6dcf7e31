"""A real server on a free loopback port, as an operator runs it: for what no test client shows."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
STARTUP_SECONDS = 60.0
#: Does with a socket what systemd does, then becomes the service.
HAND_OVER = """
import os, sys
os.dup2({fd}, 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.executable, [sys.executable, *{program}])
"""
SERVE = ("-m", "consent_server", "serve")


@dataclass
class Server:
    """A running service that belongs to the test that started it."""

    process: "subprocess.Popen[bytes]"
    port: int
    #: What it wrote to standard output and standard error.
    log: Path

    def request(self, method, path, body=None, headers=None):
        """Send one request; gives status, headers and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def raw(self, data: bytes) -> bytes:
        """Send bytes as they are; gives all that comes back until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while piece := connection.recv(65536):
                received += piece
            return received

    def stop(self) -> str:
        """End the server in order; gives its log.

        :raises subprocess.TimeoutExpired: it did not end by itself; it is killed
        """
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.log.read_text(errors="replace")


def start(
    environment: dict[str, str],
    folder: Path,
    program: tuple[str, ...] = SERVE,
    listener: socket.socket | None = None,
    before: tuple[str, ...] = (),
    port: int = 0,
    ready: str = "/readyz",
    at: Path | None = None,
) -> Server:
    """Start ``serve`` on a free port and wait until it is ready.

    :param program: what Python is told to run; another one changes the service first
    :param before: a program that runs the service, and becomes it
    :param listener: what systemd would hand over; it outlives the service
    :param port: where it listens; any that is free without one
    :param ready: what is answered with 200 when it is ready
    :param at: the folder that Python finds the service in, as an installation does; without it
        the service is found from any
    """
    port = listener.getsockname()[1] if listener else port or free_port()
    own = {
        "CONSENT_RESERVE_MIB": "0",
        **environment,
        "CONSENT_BIND": f"127.0.0.1:{port}",
        "PYTHONPATH": "" if at else str(ROOT),
    }
    kept = [listener.fileno()] if listener else []
    if listener:
        program = ("-c", HAND_OVER.format(fd=listener.fileno(), program=program))
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*before, sys.executable, *program],
            env={**os.environ, **own},
            cwd=at or folder,
            stdout=output,
            stderr=output,
            pass_fds=kept,
        )
    server = Server(process, port, log)
    deadline = time.monotonic() + STARTUP_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if server.request("GET", ready)[0] == 200:
                return server
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"the service did not start:\n{server.stop()}")


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
