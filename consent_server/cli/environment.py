"""The application behind a command, its database up to date."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
import orjson
from flask import Flask

from consent_server import rowscope
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.schema import ensure_schema
from consent_server.web import logs
from consent_server.web.clock import now


@contextmanager
def application(*, with_schema: bool = True) -> Iterator[Flask]:
    """Open the application that the environment describes, within its context.

    :param with_schema: bring the database up to date first
    """
    os.umask(0o077)  # the database and the key ring are for the service's own user
    settings = load_settings(os.environ)
    logs.configure(settings.log_level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    app = create_app(settings)
    if with_schema:
        ensure_schema(app)
    with app.app_context(), rowscope.every_site():
        yield app


def instant() -> datetime:
    """Return the service's clock; needs an open application."""
    return now()


def print_json(value: Any) -> None:
    """Print a value for a script to read."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2))
