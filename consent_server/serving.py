"""The service under gunicorn."""

import gc
import os
import resource
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from consent_server import occupied
from consent_server.allocator import share_one_arena
from consent_server.application import create_app
from consent_server.background import end_work, start_work
from consent_server.errors import ConsentError
from consent_server.schema import answers, ensure_schema
from consent_server.settings import Settings
from consent_server.web import logs
from consent_server.web.headers import transport_security
from consent_server.worker.deadline import Worker
from consent_server.worker.first import FirstProcess, listen, untold
from consent_server.worker.log import JsonLog

#: Connections of each process; one that is being read takes a file and up to 128 KiB.
MOST_CONNECTIONS = 2000
#: Files of each process: connections, the database's, our own.
FILES = MOST_CONNECTIONS + 500
#: What says that somebody hands over a socket: systemd, and an older process of gunicorn's.
HANDED_OVER = ("LISTEN_FDS", "GUNICORN_FD")


class AddressUnavailable(ConsentError):
    """The service cannot listen where it is told to."""

    status = 503
    reason = "address_unavailable"

    def __init__(self, address: str, why: str):
        super().__init__(f"cannot listen on {address} (CONSENT_BIND): {why}")


def gunicorn_options(settings: Settings) -> dict[str, Any]:
    """Return gunicorn's settings; request limits are tighter than its own."""
    return {
        "bind": _address(settings),
        "workers": settings.workers,
        "worker_class": Worker,
        "threads": settings.threads,
        "timeout": 30,
        "graceful_timeout": 30,
        "keepalive": 5,
        "backlog": 512,
        "worker_connections": MOST_CONNECTIONS,
        "limit_request_line": 8190,
        "limit_request_fields": 40,
        "limit_request_field_size": 8190,
        "header_map": "drop",
        # Nothing here asks gunicorn for the scheme or the client, so it believes nobody about them.
        # Rates read X-Forwarded-For themselves, of CONSENT_PROXIES alone.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
        "forwarder_headers": "",
        "control_socket_disable": True,
        "umask": 0o077,
        "accesslog": None,
        "loglevel": "warning",
        "logger_class": JsonLog,
        "post_worker_init": _begin,
        "worker_exit": _end,
    }


def _begin(worker: Any) -> None:
    """Start what runs beside the requests of a process that is ready for them."""
    listen()  # of the worker's kind, whatever it is; ours has done so as soon as it could
    # What was built lives as long as the process: looking through it for garbage again and again
    # would cost a tenth of a decision. What it is told meanwhile would be an exception of whatever
    # Python calls then, and be ignored.
    with untold():
        gc.collect()
        gc.freeze()
    worker.issuer = worker.wsgi.extensions["consent_issuer"]
    worker.beside = transport_security(worker.issuer)
    if worker.alive:  # and was not told to end meanwhile: nobody waits for what it would begin
        start_work(worker.wsgi)


def _end(_server: Any, worker: Any) -> None:
    """Let what runs beside the requests come to an end that leaves nothing behind."""
    if worker.pid == os.getpid():  # of one that is gone, the first process tells itself
        end_work()


def _address(settings: Settings) -> str:
    host = settings.bind_host
    return f"[{host}]:{settings.bind_port}" if ":" in host else f"{host}:{settings.bind_port}"


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn, configured from our settings instead of a file."""

    def __init__(self, settings: Settings, ready: Callable[[], object]):
        self._settings = settings
        self._ready = ready
        super().__init__()

    def load_config(self) -> None:
        """Hand our options to gunicorn."""
        for name, value in gunicorn_options(self._settings).items():
            self.cfg.set(name, value)
        self.cfg.set("when_ready", lambda _server: self._ready())

    def run(self) -> None:
        """Serve until a signal says otherwise."""
        FirstProcess(self).run()

    def load(self) -> Flask:
        """Build the application in the worker, also while the database is away.

        A worker that cannot be built ends all of them, and those that are there answer from memory.
        ``serve`` has looked at the schema before it began; ``/readyz`` looks each time.
        """
        logs.configure(self._settings.log_level)
        app = create_app(self._settings)
        if answers(app):
            ensure_schema(app)
        return app


def run(settings: Settings, ready: Callable[[], object]) -> None:
    """Serve until a signal says otherwise.

    :param ready: called when the address is this process's own
    :raises AddressUnavailable: somebody else has the address, or nobody can have it
    :raises AlreadyServing: the SQLite database is served already
    """
    os.umask(0o077)
    share_one_arena()
    logs.configure(settings.log_level)
    _allow_files()
    if settings.workers > 1:
        settings.rates_path.unlink(missing_ok=True)  # of an earlier run, by another clock
    with occupied.alone(settings):
        _try_the_address(settings)
        Server(settings, ready).run()


def _try_the_address(settings: Settings) -> None:
    """Refuse at once, and in words, what gunicorn tries for five seconds."""
    if any(name in os.environ for name in HANDED_OVER):
        return
    family = socket.AF_INET6 if ":" in settings.bind_host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.bind_host, settings.bind_port))
        except OSError as error:
            raise AddressUnavailable(_address(settings), str(error.strerror)) from None


def _allow_files() -> None:
    """Let a process have as many files open as it has connections, as far as the machine allows."""
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if most == resource.RLIM_INFINITY else min(FILES, most)
    if allowed != resource.RLIM_INFINITY and allowed < wanted:
        with suppress(OSError, ValueError):  # fewer clients, then
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
