"""``db`` and ``lapse``: the schema, and the housekeeping of time."""

import click

from consent_server import schema
from consent_server.cli.environment import application, instant
from consent_server.retention.service import record_lapses


@click.group("db")
def database() -> None:
    """The database schema."""


@database.command()
def upgrade() -> None:
    """Bring the database to this version's schema."""
    with application(with_schema=False) as app:
        before = schema.current()
        schema.upgrade(app)
        click.echo(f"schema {before or 'none'} → {schema.current()}")


@database.command()
def status() -> None:
    """Say which schema the database has; ends with 1 when it is not this version's."""
    with application(with_schema=False):
        found, needed = schema.current(), schema.head()
        click.echo(f"schema {found or 'none'}, this version needs {needed}")
    raise SystemExit(0 if found == needed else 1)


@click.command()
def lapse() -> None:
    """Record the expiry of every consent whose time is over; safe to run at any time."""
    with application():
        done = record_lapses(instant())
        click.echo(f"{done} consent{'' if done == 1 else 's'} lapsed")
