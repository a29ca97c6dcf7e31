"""The limit: one Flask route with a constant answer, under the service's own gunicorn options."""

import os
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from consent_server.config import load_settings
from consent_server.serving import gunicorn_options
from consent_server.settings import Settings


class Bare(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn around an application that does nothing."""

    def __init__(self, settings: Settings):
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Take every option of the service but its housekeeping, which needs a database."""
        options = gunicorn_options(self._settings)
        options.pop("post_worker_init", None)
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Build the application in the worker."""
        return build()


def build() -> Flask:
    """Return an application whose one route, ``/``, answers the same JSON to everyone."""
    app = Flask(__name__, static_folder=None)

    @app.get("/")
    def constant() -> dict[str, Any]:
        return {"granted": True}

    return app


if __name__ == "__main__":
    Bare(load_settings(os.environ)).run()
