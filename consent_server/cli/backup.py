"""``backup`` and ``restore``: everything the database holds, in one encrypted file."""

import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from consent_server import schema
from consent_server.backup.container import Reader
from consent_server.backup.errors import (
    BackupUnreadable,
    DatabaseNotEmpty,
    HeadsNeeded,
    KeyRingNeeded,
)
from consent_server.backup.service import (
    about,
    back_up,
    broken_promises,
    look_through,
    open_backup,
    restore_postgresql,
    restore_sqlite,
)
from consent_server.cli import json_option
from consent_server.cli.deeds import record_deed, why_option
from consent_server.cli.environment import application, instant, print_json
from consent_server.config import load_settings
from consent_server.disk import whole_file
from consent_server.erasing.listed import compare
from consent_server.erasing.replay import replay
from consent_server.erasing.restricted import delete_ended
from consent_server.erasing.traces import MEDIUM, remove_traces
from consent_server.operations.diary import note
from consent_server.settings import Settings


@click.command()
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@why_option
@json_option
def backup(file: Path, why: str | None, as_json: bool) -> None:
    """Write everything the database holds into FILE, encrypted; the service may run.

    FILE must not exist. Only the key of this month, in keys/backup.json of the data directory,
    opens it: keep copies of that folder, of erased/ and of log/ apart from the backups, because
    restore asks for them (docs/backup.md).
    """
    _end_cleanly()
    if file.exists():
        raise click.FileError(str(file), "exists, and a backup is never written over")
    with application() as app, whole_file(file) as handle, _progress() as told:
        schema.require_newest()  # of a table that it does not know this version would take nothing
        settings = app.extensions["consent_settings"]
        record_deed(None, "backup", why)
        taken = back_up(settings, handle, str(schema.current()), instant(), told.update)
        size = handle.tell()
        made = instant()
    note(settings.data_dir, "backup_made", made)
    if as_json:
        print_json({"file": str(file), "bytes": size, **vars(taken)})
        return
    click.echo(f"{file}: {size:,} bytes, under the key of {taken.month}")
    if taken.is_new_key:
        click.echo(
            f"keys/backup.json has a new key, that of {taken.month}: copy the folder keys/ to "
            "where you keep it. Without it this backup cannot be read.",
            err=True,
        )


@click.command()
@click.argument(
    "file", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--check", is_flag=True, help="Read FILE to its end, and change nothing.")
@click.option("--replace", is_flag=True, help="SQLite: move the database that is there aside.")
@click.option(
    "--without-heads", is_flag=True, help="Go on without log/: a second history may begin."
)
@why_option
@json_option
def restore(
    file: Path, check: bool, replace: bool, without_heads: bool, why: str | None, as_json: bool
) -> None:
    """Put the backup FILE in the place of the database, and erase again what was erased since.

    The service must be stopped. PostgreSQL: DATABASE_URL names an empty database. Ends with 1 when
    a log cannot go on from it, because it is older than what was signed, or lines are missing from
    the list of what was erased (docs/backup.md).
    """
    _end_cleanly()
    os.umask(0o077)
    settings = load_settings(os.environ)
    with file.open("rb") as handle, _progress() as told:
        reader = open_backup(settings, handle)
        found = vars(about(reader))
        if found["schema"] not in schema.revisions():
            raise BackupUnreadable("a newer version of the service made it")
        if check:
            size = look_through(reader, told.update)
            note(settings.data_dir, "backup_checked", datetime.now(UTC))
            _print_checked(file, {**found, "bytes": size}, as_json)
            return
        _require_beside(settings, without_heads)
        aside = _put_back(settings, reader, replace, told.update)
    with application(with_schema=False) as app:
        schema.upgrade(app)  # what was erased since is not to wait for anybody's upgrade
        record_deed(None, "restore", why, backup_of=found["at"])
        erasures = app.extensions["consent_erased"]
        erased, listed = replay(erasures, instant(), is_thorough=True), compare(erasures)
        if sum(delete_ended(instant())):  # their time went on while they were in the backup
            remove_traces(MEDIUM)
        broken = broken_promises(app.extensions["consent_notary"])
        note(settings.data_dir, "backup_restored", instant())
    kept = str(aside) if aside else None
    answer = {**found, "erased_again": erased, "kept_aside": kept, "logs_that_stop": broken}
    _print_restored(file, answer, as_json)
    for said in filter(None, (listed.problem, listed.doubt)):
        click.echo(f"{said} (docs/retention.md, Backups and restores)", err=True)
    raise SystemExit(1 if broken or listed.missing else 0)


def _require_beside(settings: Settings, without_heads: bool) -> None:
    """Check that what a backup does not hold is in its place, and can be read."""
    if not settings.key_ring_path.exists():
        raise KeyRingNeeded(settings.key_ring_path)
    heads = settings.data_dir / "log"
    if not without_heads and not any(heads.glob("*.checkpoint")):
        raise HeadsNeeded(heads)
    with application(with_schema=False) as app:
        app.extensions["consent_erased"].look()


def _put_back(
    settings: Settings, reader: Reader, replace: bool, tell: Callable[[int], object]
) -> Path | None:
    """Put a backup in the place of the database; return where the one before is kept."""
    if settings.is_sqlite:
        database, now = settings.sqlite_path.resolve(), datetime.now(UTC)
        return restore_sqlite(reader, database, now, is_replaced=replace, tell=tell)
    with application(with_schema=False) as app:
        if schema.current() not in (None, reader.about["schema"]):
            raise DatabaseNotEmpty("the database is in use; name an empty one")
        schema.upgrade(app, reader.about["schema"])
        restore_postgresql(reader, tell)
    return None


def _print_checked(file: Path, answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        click.echo(
            f"{file}: whole; {answer['engine']}, {answer['bytes']:,} bytes of {answer['at']}"
        )


def _print_restored(file: Path, answer: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    click.echo(f"{file}: restored, the database is that of {answer['at']}")
    if answer["kept_aside"]:
        click.echo(f"the one before is {answer['kept_aside']}")
        click.echo("no erasure reaches it: remove it as soon as you need it no longer")
    click.echo(
        f"What came after {answer['at']} is gone: who took a consent back since has it again until "
        "they decide anew, and API keys that were revoked since are in force (key list)."
    )
    again = answer["erased_again"]
    click.echo(f"{again} record{'' if again == 1 else 's'} erased again")
    for site, problem in answer["logs_that_stop"].items():
        click.echo(f"{site}: {problem}", err=True)


def _end_cleanly() -> None:
    """Let a stop from outside take away what lies beside the database, as an interrupt does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def _progress() -> Any:
    return tqdm(unit="B", unit_scale=True, file=sys.stderr, disable=None)
