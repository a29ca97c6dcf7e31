"""``serve`` and ``check-config``: run the service."""

import gc
import os
from typing import Any

import click
from sqlalchemy import make_url

from consent_server.cli import json_option
from consent_server.cli.environment import application, print_json
from consent_server.config import as_variables, load_settings
from consent_server.db import db
from consent_server.serving import run
from consent_server.settings import Settings

#: Parameters of a database address that hold no secret.
SHOWN = {"sslmode", "sslrootcert", "connect_timeout", "target_session_attrs", "timeout"}


@click.command()
def serve() -> None:
    """Run the service under gunicorn at CONSENT_BIND."""
    settings = _looked_at()
    gc.collect()  # of what looked: each process would have it beside its own
    at = f"{settings.public_url} at {settings.bind_host}:{settings.bind_port}"
    run(settings, lambda: click.echo(f"serving {at}"))


def _looked_at() -> Settings:
    """Return the settings of a service whose database is in order.

    :raises ConsentError: it is not
    """
    with application() as app:
        settings: Settings = app.extensions["consent_settings"]
        # A process to come must not have a copy of an open file of SQLite's: it would believe that
        # it holds the locks of this one, and hold none when this one is gone.
        db.session.remove()
        db.engine.dispose()
    return settings


@click.command("check-config")
@json_option
def check_config(as_json: bool) -> None:
    """Read every setting and say what the service would run with; secrets are masked."""
    settings = load_settings(os.environ)
    values = as_variables(settings)
    for name in "DATABASE_URL", "CONSENT_REPLICA_URL":
        values[name] = values[name] and _masked(values[name])
    values["CONSENT_METRICS_TOKEN"] = values["CONSENT_METRICS_TOKEN"] and "***"
    values = {name: _plain(value) for name, value in values.items()}
    if as_json:
        print_json(values)
    else:
        for name, value in values.items():
            click.echo(f"{name:<23} {_in_words(value)}")
    for name, meant in settings.unknown.items():
        click.echo(f"{name} is no setting{f'; {meant} is one' if meant else ''}", err=True)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; networks and paths are text."""
    if isinstance(value, tuple):
        return [str(part) for part in value]
    return value if isinstance(value, bool | int | None) else str(value)


def _in_words(value: Any) -> str:
    """Write a value as the environment would have it."""
    if isinstance(value, list):
        return ", ".join(value) or "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "not set" if value is None else str(value)


def _masked(url: str) -> str:
    """Hide the password of a database address, and every parameter that is not known to be none."""
    parsed = make_url(url)
    hidden = {name: "***" for name in parsed.query if name not in SHOWN}
    return parsed.update_query_dict(hidden).render_as_string(hide_password=True)
