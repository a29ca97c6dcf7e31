"""The witness as a service of its own, under gunicorn."""

import os
from typing import Any

from flask import Flask, Response, request
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from consent_server.errors import ConsentError
from consent_server.witness.cosigning import Cosigner
from consent_server.witness.errors import SeenAnother
from consent_server.worker.deadline import Worker
from consent_server.worker.log import JsonLog

TEXT = "text/plain; charset=utf-8"
#: A proof of 63 hashes and a checkpoint with 100 signatures are smaller.
LARGEST_BODY = 65_536


def create_witness(cosigner: Cosigner) -> Flask:
    """Build the service: ``/`` is its key, ``POST /add-checkpoint`` what it is there for."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY

    @app.get("/")
    def key() -> Response:
        return Response(f"{cosigner.key.public.vkey}\n", content_type=TEXT)

    @app.post("/add-checkpoint")
    def add_checkpoint() -> Response:
        return Response(cosigner.add_checkpoint(request.get_data()), content_type=TEXT)

    @app.errorhandler(SeenAnother)
    def conflict(refusal: SeenAnother) -> Response:
        return Response(f"{refusal.size}\n", refusal.status, content_type="text/x.tlog.size")

    @app.errorhandler(ConsentError)
    def refused(refusal: ConsentError) -> Response:
        text = str(refusal) if refusal.status < 500 else "out of order"
        if refusal.status >= 500:
            app.logger.error("%s: %s", refusal.reason, refusal)
        return Response(f"{text}\n", refusal.status, content_type=TEXT)

    return app


class WitnessServer(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with one process: what was seen last is looked at and kept under a lock."""

    def __init__(self, app: Flask, bind: str):
        self._app, self._bind = app, bind
        super().__init__()

    def load_config(self) -> None:
        """Hand our options to gunicorn."""
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def _options(self) -> dict[str, Any]:
        return {
            "bind": self._bind,
            "workers": 1,
            "worker_class": Worker,
            "threads": 4,
            "timeout": 30,
            "limit_request_line": 4094,
            "limit_request_fields": 40,
            "forwarder_headers": "",
            "control_socket_disable": True,
            "umask": 0o077,
            "accesslog": None,
            "loglevel": "warning",
            "logger_class": JsonLog,
        }

    def load(self) -> Flask:
        """Return the application that was built."""
        return self._app


def serve(cosigner: Cosigner, bind: str) -> None:
    """Serve until a signal says otherwise.

    :param bind: ``HOST:PORT``
    """
    os.umask(0o077)
    WitnessServer(create_witness(cosigner), bind).run()
