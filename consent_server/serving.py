"""The service under gunicorn, and the housekeeping that runs beside it."""

import fcntl
import os
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from sqlalchemy.exc import SQLAlchemyError

from consent_server.application import create_app
from consent_server.config import Settings
from consent_server.errors import ConsentError
from consent_server.retention.service import record_lapses
from consent_server.schema import ensure_schema
from consent_server.web import logs
from consent_server.web.clock import now
from consent_server.worker import Worker

log = structlog.get_logger(__name__)
#: Seconds between two looks for consents whose time is over.
HOUSEKEEPING_EVERY = 60.0
#: Seconds between two looks at every record.
THOROUGH_EVERY = 86_400.0
#: Ends that a round looks at again, in case the clocks of two machines differ.
LOOK_BACK = timedelta(hours=1)


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
        "limit_request_line": 8190,
        "limit_request_fields": 40,
        "limit_request_field_size": 8190,
        "header_map": "drop",
        "forwarded_allow_ips": "127.0.0.1",
        "forwarder_headers": "",
        "control_socket_disable": True,
        "umask": 0o077,
        "accesslog": None,
        "loglevel": "warning",
        "post_worker_init": lambda worker: start_housekeeping(worker.wsgi),
    }


def _address(settings: Settings) -> str:
    host = settings.bind_host
    return f"[{host}]:{settings.bind_port}" if ":" in host else f"{host}:{settings.bind_port}"


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn, configured from our settings instead of a file."""

    def __init__(self, settings: Settings):
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Hand our options to gunicorn."""
        for name, value in gunicorn_options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build the application in the worker."""
        return build(self._settings)


def build(settings: Settings) -> Flask:
    """Return the application with logging set up and its schema up to date."""
    logs.configure(settings.log_level)
    app = create_app(settings)
    ensure_schema(app)
    return app


class AlreadyServing(ConsentError):
    """Another process serves this SQLite database; it takes one process, and threads."""

    status = 503
    reason = "already_serving"

    def __init__(self, path: Path):
        super().__init__(f"another service runs on {path}; SQLite takes one process")
        self.path = str(path)


def run(settings: Settings) -> None:
    """Serve until a signal says otherwise.

    :raises AlreadyServing: the SQLite database is served already
    """
    os.umask(0o077)
    if not settings.is_sqlite:
        Server(settings).run()
        return
    # Beside the database, not in the data directory: two directories may name one file.
    with settings.sqlite_path.with_name(f"{settings.sqlite_path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyServing(settings.sqlite_path) from None
        Server(settings).run()


def start_housekeeping(app: Flask) -> threading.Thread:
    """Settle, once a minute, the consents whose time is over."""
    thread = threading.Thread(target=_keep_house, args=(app,), name="housekeeping", daemon=True)
    thread.start()
    return thread


def _keep_house(app: Flask) -> None:
    waiting = threading.Event()
    # A round looks at what ended since the one before it; the first one, and one a day, at all: a
    # grant may end later than the first end of its record.
    settled: datetime | None = None
    thorough = time.monotonic()
    while not waiting.wait(HOUSEKEEPING_EVERY):
        with app.app_context():
            try:
                started = now()
                if time.monotonic() - thorough > THOROUGH_EVERY:
                    settled, thorough = None, time.monotonic()
                done = record_lapses(started, settled)
            except SQLAlchemyError as error:
                # The next round tries again; checks look at the time and need no lapse record.
                log.warning("housekeeping_failed", error=type(error).__name__)
            else:
                settled = started - LOOK_BACK
                if done:
                    log.info("consents_lapsed", count=done)
