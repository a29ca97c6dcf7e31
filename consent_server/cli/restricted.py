"""``rights restricted`` and ``rights restricted-key``: what was kept of erased records."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from consent_server.cli.deeds import WHY, record_deed
from consent_server.cli.environment import application, instant, print_json
from consent_server.cli.visitor import consent_id_options, subject_of
from consent_server.disk import make_directory, replace_file, sync_directory
from consent_server.evidence.pack import as_json
from consent_server.evidence.restricted import count_kept, opened
from consent_server.ledger.restricted import new_private_key, private_key, public_key_of

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
#: Why proofs were not written.
NOT_WRITTEN = {
    "other_key": "sealed to another key, or changed",
    "waiting": "not in the signed log yet; try again in a minute",
    "damaged": "not what was signed",
}


@click.command("restricted-key")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="New file for the key.")
def restricted_key(out: Path) -> None:
    """Make the key of legal claims; print its public half, for restricted_proof.key of a document.

    Keep the file away from this machine, and a copy of it: without it nothing that is kept can be
    read, by anybody.
    """
    made = new_private_key()
    with _told_of(out):
        _write_new(out, made)
    click.echo(public_key_of(private_key(made)))


@click.command()
@click.argument("site_id", metavar="SITE")
@click.option("--key", "key_file", type=FILE, required=True, help="The private key.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the packs.")
@click.option("--record", "record_id", metavar="ID", help="Write the proof of this record alone.")
@consent_id_options
@click.option("--why", type=WHY, required=True, help="The claim; kept in the trail.")
@click.option("--json", "as_json_", is_flag=True, help="Print JSON for a script.")
def restricted(
    site_id: str,
    key_file: Path,
    out: Path,
    record_id: str | None,
    consent_id: str | None,
    consent_id_file: TextIO | None,
    why: str,
    as_json_: bool,
) -> None:
    """Write the proof packs that SITE keeps of erased records, for a legal claim and nothing else.

    Of one visitor or record alone, where it is known whose claim it is. What an earlier run wrote
    into the folder is written again. Ends with 1 when there is something that this key does not
    open.
    """
    try:
        key = private_key(key_file.read_bytes())
    except ValueError as error:
        raise click.UsageError(f"--key: {error}") from None
    found: Counter[str] = Counter()
    with application() as app:
        is_of_one = consent_id is not None or consent_id_file is not None
        subject = subject_of(app, site_id, consent_id, consent_id_file) if is_of_one else None
        now = instant()
        with _told_of(out):
            make_directory(out)
        record_deed(site_id, "restricted", why, kept=count_kept(site_id, now))
        for kept in opened(site_id, key, app.extensions["consent_notary"], now):
            if isinstance(kept.pack, str):
                found[kept.pack] += 1
                continue
            record = kept.pack["record"]
            if record_id in (None, record["record_id"]) and subject in (None, record["subject"]):
                file = out / f"{kept.proof_id}.json"
                with _told_of(file):
                    replace_file(file, as_json(kept.pack))
                found["written"] += 1
    _tell(site_id, out, found, as_json_)
    raise SystemExit(1 if found.keys() & NOT_WRITTEN.keys() else 0)


def _tell(site_id: str, out: Path, found: Counter[str], is_json: bool) -> None:
    if is_json:
        print_json({"site": site_id, **{name: found[name] for name in ("written", *NOT_WRITTEN)}})
        return
    count = found["written"]
    click.echo(f"{site_id}: {count} proof pack{'' if count == 1 else 's'} written to {out}")
    for name, why in NOT_WRITTEN.items():
        if found[name]:
            click.echo(f"{found[name]}: {why}", err=True)


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Say of which file it is that it cannot be written."""
    try:
        yield
    except OSError as error:
        raise click.FileError(str(path), str(error.strerror)) from None


def _write_new(path: Path, data: bytes) -> None:
    """Write a file for this user alone that is not there yet: whole, or none."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
    except OSError:
        path.unlink()
        raise
    sync_directory(path.absolute().parent)
