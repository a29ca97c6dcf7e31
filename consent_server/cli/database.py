"""``db``, ``lapse`` and ``purge``: the schema, and the housekeeping of time."""

import sys

import click
from tqdm import tqdm

from consent_server import roles, schema
from consent_server.cli import Group, json_option
from consent_server.cli.deeds import who, why_option
from consent_server.cli.environment import application, instant, print_json
from consent_server.db import db
from consent_server.erasing.traces import MEDIUM, compact, remove_traces
from consent_server.retention.passed import RecordsPassed
from consent_server.retention.purging import Purged
from consent_server.retention.purging import purge as purge_overdue
from consent_server.retention.resting import Rest
from consent_server.retention.service import record_lapses, require_clock


@click.group("db", cls=Group)
def database() -> None:
    """The database schema."""


@database.command()
def upgrade() -> None:
    """Bring the database to this version's schema."""
    with application(with_schema=False) as app:
        before = schema.current()
        schema.upgrade(app)
        found = schema.current()
        was = "already" if before == found else f"before: {before or 'none'}"
        click.echo(f"schema {found} ({was})")


@database.command()
@json_option
def status(as_json: bool) -> None:
    """Say which schema the database has; ends with 1 when it is not this version's."""
    with application(with_schema=False):
        found, needed = schema.current(), schema.head()
    if as_json:
        print_json({"found": found, "needed": needed})
    else:
        click.echo(f"schema {found or 'none'}, this version needs {needed}")
    raise SystemExit(0 if found == needed else 1)


@database.command("roles")
@click.argument("role")
@click.option("--apply", "is_applied", is_flag=True, help="Run them, as the owner of the tables.")
def roles_(role: str, is_applied: bool) -> None:
    """Show the statements that give ROLE what the service needs in PostgreSQL, and nothing else.

    They make the role if there is none, and can be run as often as one likes: after each change of
    the schema, for one.
    """
    if not is_applied:
        for statement in [*roles.creation(role), *roles.grants(role)]:
            click.echo(f"{statement.as_string()};")
        return
    with application(with_schema=False):
        if db.engine.dialect.name == "sqlite":
            raise roles.RoleRefused("SQLite has no roles")
        schema.require_newest()
        with db.engine.begin() as connection:
            is_made = roles.apply(connection, role)
    click.echo(f"{role}: {'made, without a password, and ' if is_made else ''}given its rights")


@database.command("compact")
def compact_() -> None:
    """Write the database anew, so that its files hold nothing of what was erased.

    Takes as long as copying it; until then nothing is recorded, and on PostgreSQL nothing answered.
    """
    with application() as app:
        schema.require_session(app.extensions["consent_settings"])
        compact()
        click.echo("written anew")


@click.command()
@json_option
def lapse(as_json: bool) -> None:
    """Record the expiry of every consent whose time is over; safe to run at any time."""
    with application():
        now = instant()
        require_clock(now)
        done = record_lapses(now)
    if as_json:
        print_json({"lapsed": done})
    else:
        click.echo(f"{done} consent{'' if done == 1 else 's'} lapsed")


@click.command()
@click.option("--dry-run", is_flag=True, help="Count what would be erased, and change nothing.")
@why_option
@json_option
def purge(dry_run: bool, why: str | None, as_json: bool) -> None:
    """Erase the records that were kept long enough; safe to stop and to run at any time.

    The running service does it once a day.
    """
    passed: RecordsPassed | None = None
    with application() as app:
        erased, now = app.extensions["consent_erased"], instant()
        require_clock(now)
        purged = Purged()
        try:
            with tqdm(unit=" records", file=sys.stderr, disable=None) as progress:
                purge_overdue(
                    now,
                    erased,
                    purged,
                    is_dry_run=dry_run,
                    done=progress.update,
                    rest=Rest(),
                    who=who(),
                    why=why,
                )
        except RecordsPassed as refusal:
            passed = refusal  # all else is done
        finally:  # what it erased before it failed is erased
            if (purged.records or purged.restricted_proofs) and not dry_run:
                remove_traces(MEDIUM)
    if as_json:
        print_json({"dry_run": dry_run, **vars(purged)})
    else:
        _tell(purged, "to erase" if dry_run else "erased")
    if passed is not None:
        raise passed


def _tell(purged: Purged, verb: str) -> None:
    click.echo(f"{purged.records} record{'' if purged.records == 1 else 's'} {verb}")
    keys = purged.idempotency_keys
    click.echo(f"{keys} idempotency key{'' if keys == 1 else 's'} {verb}")
    if proofs := purged.restricted_proofs:
        click.echo(f"{proofs} restricted proof{'' if proofs == 1 else 's'} {verb}")
    if kept := purged.unreadable:
        click.echo(f"{kept} record{'' if kept == 1 else 's'} kept: cannot be read")
