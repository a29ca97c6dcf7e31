"""Run the servers: the service as a process of its own, the other two in threads of this one."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from types import TracebackType

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from demo.addresses import Address, Addresses, DemoRefused

START_SECONDS = 60.0
STOP_SECONDS = 15.0


class QuietHandler(WSGIRequestHandler):
    """Answers without a line on the terminal."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing; errors are still shown."""


class WebServer:
    """A Flask application in threads of this process. The port is taken from the first moment."""

    def __init__(self, address: Address):
        self._address = address
        self._socket = address.listen()
        self._server: BaseWSGIServer | None = None

    def __enter__(self) -> "WebServer":
        return self

    def serve(self, app: Flask) -> None:
        """Begin to answer with this application."""
        self._server = make_server(
            self._address.host,
            self._address.port,
            app,
            threaded=True,
            request_handler=QuietHandler,
            fd=self._socket.fileno(),
        )
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self._socket.close()


class ConsentService:
    """The service, exactly as an operator runs it."""

    def __init__(self, address: Address):
        # Whether the port is free is known before anything is written.
        address.listen().close()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "ConsentService":
        return self

    def start(self) -> None:
        """Start the process; in a session of its own, so that Ctrl-C reaches it through us."""
        command = [sys.executable, "-m", "consent_server", "serve"]
        self._process = subprocess.Popen(
            command, env=dict(os.environ), stdout=subprocess.DEVNULL, start_new_session=True
        )

    def require_running(self) -> None:
        """Raise :class:`DemoRefused` when the process has ended by itself."""
        code = self._process.poll() if self._process else None
        if code is not None:
            raise DemoRefused(f"the consent service ended with code {code}; its message is above")

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        # To gunicorn this means: at once. A page that is still open keeps a connection for seconds.
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)  # its workers too
            self._process.wait()


def record_lapses() -> None:
    """Have the service record the consents whose time is over now, not at its next round."""
    command = [sys.executable, "-m", "consent_server", "lapse"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=START_SECONDS)


def wait_until_answering(
    service: ConsentService, addresses: Addresses, stopping: threading.Event
) -> None:
    """Wait until all three servers answer.

    :raises DemoRefused: the service ended, or took longer than a minute
    """
    deadline = time.monotonic() + START_SECONDS
    waiting = [f"{addresses.service.origin}/readyz"]
    waiting += [f"{address.origin}/" for address in (addresses.shop, addresses.analytics)]
    while waiting and not stopping.wait(0.05):
        service.require_running()
        if _answers(waiting[0]):
            waiting.pop(0)
        elif time.monotonic() > deadline:
            raise DemoRefused(f"{waiting[0]} does not answer")


def _answers(url: str) -> bool:
    # No proxy of the environment stands between this machine and itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2):
            return True
    except (OSError, urllib.error.URLError):
        return False
