"""``log``: sign the logs of the sites, show and verify them."""

import sys
from itertools import islice
from pathlib import Path

import click
from tqdm import tqdm

from consent_server.backup.recovery import gap_of, gone_since, recover
from consent_server.cli import Group, json_option
from consent_server.cli.deeds import record_deed, why_option
from consent_server.cli.environment import application, instant, print_json
from consent_server.columns import rfc3339
from consent_server.errors import ConsentError
from consent_server.ledger.canonical import base64url_encode
from consent_server.sealing.alarms import alarm_of
from consent_server.sealing.audit import Audit
from consent_server.sealing.countersigning import given_out_cosigned
from consent_server.sealing.findings import Finding
from consent_server.sealing.keyfile import LogKey
from consent_server.sealing.notary import Notary
from consent_server.sealing.proofs import require_checkpoint
from consent_server.sealing.rotation import logs_without_newest_key, retire, rotate
from consent_server.sealing.service import Sealed, seal, waiting_sites
from consent_server.sqlite import any_text
from consent_server.witnessing.service import ask, signed_sites

#: Findings that are told; the first says where it begins.
MOST_FINDINGS = 20


@click.group(cls=Group)
def log() -> None:
    """The tamper-evident log of each site (docs/log.md)."""


@log.command("seal")
@click.argument("site_id", metavar="[SITE]", required=False)
def seal_(site_id: str | None) -> None:
    """Put what waits into the log of SITE, or of every site, and sign it.

    Safe to run at any time; the running service does it by itself. Ends with 1 when a log is not
    signed because something is not what it was.
    """
    with application() as app:
        notary = app.extensions["consent_notary"]
        names = [site_id] if site_id else {*waiting_sites(), *logs_without_newest_key(notary)}
        refused = _seal(sorted(names), notary)
    raise SystemExit(1 if refused else 0)


@log.command()
@click.argument("site_id", metavar="SITE")
def checkpoint(site_id: str) -> None:
    """Print the newest checkpoint of SITE: keep it, and nobody can rewrite what is before it."""
    with application() as app:
        last = require_checkpoint(site_id)
        click.echo(given_out_cosigned(site_id, last, app.extensions["consent_notary"]), nl=False)


@log.command("witness")
@click.argument("site_id", metavar="[SITE]", required=False)
@json_option
def witness_(site_id: str | None, as_json: bool) -> None:
    """Show the newest checkpoint of SITE, or of every site, to the witnesses (docs/witnesses.md).

    The running service does it by itself. Ends with 1 when one of them did not cosign.
    """
    with application() as app:
        notary = app.extensions["consent_notary"]
        if site_id:
            require_checkpoint(site_id)  # also where nobody is asked, and would miss it
        names = [site_id] if site_id else signed_sites()
        asked = [
            ask(name, witness, notary, instant())
            for name in names
            for witness in notary.policy.asked
        ]
    if as_json:
        lines = [
            {
                "site": one.site_id,
                "witness": one.witness.name,
                "size": one.size,
                "refusal": one.refusal,
            }
            for one in asked
        ]
        print_json(lines)
    else:
        for one in asked:
            said = one.refusal or f"cosigned {one.size} entries"
            click.echo(f"{one.site_id}  {one.witness.name}  {said}")
        if not asked:
            click.echo("nobody to ask: no log was signed, or CONSENT_WITNESS_POLICY names nobody")
    raise SystemExit(1 if any(one.refusal for one in asked) else 0)


@log.command("keys")
@json_option
def keys_(as_json: bool) -> None:
    """List the keys of the logs, the newest last, and which of them sign."""
    with application(with_schema=False) as app:
        found = app.extensions["consent_notary"].all_known().keys
    lines = [
        {
            "number": number,
            "public": base64url_encode(key.public),
            "since": rfc3339(key.since) if key.since is not None else None,
            "state": _state(key, is_newest=number == len(found)),
        }
        for number, key in enumerate(found, 1)
    ]
    if as_json:
        print_json(lines)
        return
    for line in lines:
        since = line["since"] or "from the beginning"
        click.echo(f"{line['number']:>3}  {line['public']}  {line['state']:<8} {since}")


@log.command("rotate-key")
@why_option
def rotate_key(why: str | None) -> None:
    """Put a new key to work and into every log; the old one signs beside it until `retire-key`.

    Tell whoever verifies the new key (`GET .../log/key`). Copy keys/log.json to every machine of
    the service and to your backup at once.
    """
    with application() as app:
        notary = app.extensions["consent_notary"]
        record_deed(None, "log-key-rotate", why)
        key = rotate(notary, instant()).keys[-1]
        click.echo(f"signing with {base64url_encode(key.public)} and the one before")
        raise SystemExit(1 if _seal(logs_without_newest_key(notary), notary) else 0)


@log.command("retire-key")
@why_option
@click.confirmation_option(
    help="Do not ask.", prompt="The old key will be destroyed and sign nothing more. Retire it?"
)
def retire_key(why: str | None) -> None:
    """Let the newest key sign alone. What the old one signed stays good."""
    with application() as app:
        record_deed(None, "log-key-retire", why)
        key = retire(app.extensions["consent_notary"]).keys[-1]
        click.echo(f"signing with {base64url_encode(key.public)} alone")


@log.command("recover")
@click.argument("site_id", metavar="SITE")
@click.option(
    "--from",
    "folders",
    metavar="FOLDER",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder log/ of another machine's data directory; as often as there are others.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@why_option
def recover_(site_id: str, folders: tuple[Path, ...], yes: bool, why: str | None) -> None:
    """Let the log of SITE go on from a restored database that is older than what was signed.

    Its entries are put back from log/ in the data directory, so every checkpoint that was given
    out stays good. Their records are gone: tombstones say for ever that they were lost. Restore the
    newest copy of the database that there is before you do this (docs/log.md).
    """
    with application() as app:
        notary = app.extensions["consent_notary"]
        gap = gap_of(site_id, notary, folders)
        many = len(gap.entries)
        click.echo(f"The database lacks {many} of the {gap.growth.head.size} entries of this log.")
        if gone := sum(map(len, gone_since(gap).values())):
            click.echo(f"It has {gone} records that the log says are gone; they will be removed.")
        if not yes:
            click.confirm("Put them back, and say that their records are lost?", abort=True)
        record_deed(site_id, "log-recover", why, entries=[gap.places.start, gap.places.stop - 1])
        found = recover(gap, notary, instant())
        click.echo(
            f"{site_id}: {found.size} entries again; {found.kept} records that waited have their "
            f"place, {found.lost} are lost, {found.erased_again} erased or lost again; "
            f"{found.lost_in_clear} publications, builds and lines of the trail are lost"
        )
        if found.counting:
            click.echo(
                f"{site_id}: revision {found.counting} is lost. Run site publish now: until then, "
                "whoever agreed to it is not asked again",
                err=True,
            )
        raise SystemExit(1 if _seal([site_id], notary) else 0)


@log.command()
@click.argument("site_id", metavar="SITE")
@json_option
@why_option
def audit(site_id: str, as_json: bool, why: str | None) -> None:
    """Verify the log of SITE, whole: each record, entry, tile and checkpoint.

    Names what is not as it was signed, the lowest index first, and ends with 1. An entry that has
    lost its record without a tombstone comes last: a changed one may have been its tombstone.
    """
    with application() as app, any_text():
        record_deed(site_id, "audit", why)
        with tqdm(unit=" entries", file=sys.stderr, disable=None) as progress:
            verified = Audit(site_id, app.extensions["consent_notary"], progress.update)
            found = list(islice(verified.findings(), MOST_FINDINGS))
        alarm = alarm_of(site_id)
        why = f"{alarm.reason}: {alarm.detail}" if alarm is not None else None
    if as_json:
        lines = [{"index": finding.index, "problem": finding.problem} for finding in found]
        print_json({"site": site_id, "entries": verified.done, "findings": lines, "alarm": why})
    else:
        _tell(site_id, verified.done, found, why)
    raise SystemExit(1 if found or why else 0)


def _seal(site_ids: list[str], notary: Notary) -> bool:
    """Seal logs and tell what became of each; return whether one was refused."""
    is_refused = False
    for site_id in site_ids:
        try:
            click.echo(_told(seal(site_id, notary, instant())))
        except ConsentError as refusal:
            is_refused = True
            click.echo(f"{site_id}: {refusal.reason}: {refusal}", err=True)
    return is_refused


def _state(key: LogKey, *, is_newest: bool) -> str:
    if key.private is None:
        return "retired"
    return "active" if is_newest else "leaving"


def _tell(site_id: str, entries: int, found: list[Finding], alarm: str | None) -> None:
    for finding in found:
        click.echo(f"{site_id}: {finding}")
    if alarm is not None:
        click.echo(f"{site_id}: the log is not signed: {alarm}")
    if not found and alarm is None:
        click.echo(f"{site_id}: {entries} entries, as they were signed")


def _told(sealed: Sealed) -> str:
    entries = f"{sealed.count} entr{'y' if sealed.count == 1 else 'ies'}"
    busy = "; another process is at work on it" if sealed.is_busy else ""
    return f"{sealed.site_id}: {entries} added{busy}"
