"""``selfcheck``: whether the installation is what it should be."""

import os
from collections.abc import Iterator

import click
from sqlalchemy.exc import SQLAlchemyError

from consent_server import __version__
from consent_server.cli import json_option
from consent_server.cli.environment import application, instant, print_json
from consent_server.config import SettingsInvalid, load_settings
from consent_server.errors import ConsentError
from consent_server.operations.selfcheck.line import Line, fail, not_looked_at
from consent_server.operations.selfcheck.service import does_not_answer
from consent_server.operations.selfcheck.service import selfcheck as lines_of

COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@click.option("--strict", is_flag=True, help="End with 1 also when there is a warning.")
@click.option(
    "--before-start",
    is_flag=True,
    help="End with 0 for what may pass: a database that does not answer yet, a full disk.",
)
@json_option
def selfcheck(strict: bool, before_start: bool, as_json: bool) -> None:
    """Look at settings, files, keys, database, logs and backups; say what to mend.

    Changes nothing, shows no secret, connects to the database and its replica alone; the
    service may run. Ends with 1 when a line fails: the service must not run like this. Each line:
    docs/selfcheck.md.
    """
    lines = []
    for line in _lines():
        lines.append(line)
        if not as_json:
            _tell(line)
    counts = {status: sum(line.status == status for line in lines) for status in COLOURS}
    worst = "fail" if counts["fail"] else "warn" if counts["warn"] else "ok"
    if as_json:
        checks = [line.as_json() for line in lines]
        print_json({"status": worst, "version": __version__, "counts": counts, "checks": checks})
    else:
        good, middling, bad = counts.values()
        click.echo(f"{good} ok, {middling} to look at, {bad} to mend first")
    failed = [line for line in lines if line.status == "fail"]
    is_bad = not all(line.may_pass for line in failed) if before_start else bool(failed)
    raise SystemExit(1 if is_bad or (strict and worst != "ok") else 0)


def _lines() -> Iterator[Line]:
    """Check; what keeps the service from being built at all is a line like the others."""
    try:
        load_settings(os.environ)
        with application(with_schema=False) as app:
            yield from lines_of(app, instant())
    except SettingsInvalid as refusal:
        seen = "; ".join(f"{name} {' '.join(said)}" for name, said in refusal.errors.items())
        yield fail("settings", seen, "docs/settings.md; check-config reads them all")
    except ConsentError as refusal:
        yield fail("key-ring", str(refusal), "docs/settings.md, Keys; docs/backup.md")
    except SQLAlchemyError as error:
        yield does_not_answer(error)
    except OSError as error:
        yield fail("data-directory", f"{error.filename}: {error.strerror}", "CONSENT_DATA_DIR")
    except Exception as error:  # noqa: BLE001 (what could not be built is a line, too)
        yield not_looked_at("settings", error)


def _tell(line: Line) -> None:
    status = click.style(f"{line.status:<4}", fg=COLOURS[line.status], bold=line.status == "fail")
    click.echo(f"{status}  {line.name:<22} {line.seen}")
    if line.mend:
        click.echo(f"{'':28} mend: {line.mend}")
