"""``rights``: what is recorded about a visitor, shown, put right, erased."""

from typing import Any, TextIO

import click
from flask import Flask

from consent_server.cli.deeds import record_deed, why_option
from consent_server.cli.environment import application, instant, print_json
from consent_server.consents.correcting import Correction
from consent_server.erasing.replay import replay as replay_erasures
from consent_server.ledger.canonical import NotBase64url, base64url_decode
from consent_server.rights import service
from consent_server.trail.service import entries_about, entry_of

#: Bytes of a consent id.
ID_BYTES = 16


@click.group()
def rights() -> None:
    """What a visitor can ask for (docs/retention.md).

    A consent id is a secret: give it in a file, or on standard input with --consent-id-file -.
    """


def _consent_id(command: Any) -> Any:
    """Let a command take a consent id, which is never printed."""
    command = click.option(
        "--consent-id-file",
        type=click.File("r", encoding="utf-8"),
        help="File that holds the consent id; - is standard input.",
    )(command)
    return click.option(
        "--consent-id",
        metavar="ID",
        help="The consent id itself; other users of this machine may see it.",
    )(command)


def _subject(app: Flask, site_id: str, consent_id: str | None, file: TextIO | None) -> str:
    if (consent_id is None) == (file is None):
        raise click.UsageError("give one of --consent-id and --consent-id-file")
    given = consent_id if consent_id is not None else str(file.read()).strip() if file else ""
    try:
        is_whole = len(base64url_decode(given)) == ID_BYTES
    except NotBase64url:
        is_whole = False
    if not is_whole:
        raise click.UsageError("a consent id has 22 characters, base64url")
    subject: str = app.extensions["consent_keys"].subject(site_id, given)
    return subject


@rights.command()
@click.argument("site_id", metavar="SITE")
@_consent_id
@why_option
def show(
    site_id: str, consent_id: str | None, consent_id_file: TextIO | None, why: str | None
) -> None:
    """Print every record of SITE about a consent id, as JSON."""
    with application() as app:
        subject = _subject(app, site_id, consent_id, consent_id_file)
        record_deed(site_id, "show", why, **entries_about(site_id, subject))
        print_json(service.what_is_held(site_id, subject, instant(), archived=True))


@rights.command()
@click.argument("site_id", metavar="SITE")
@_consent_id
@click.option(
    "--reason",
    type=click.Choice(["art17", "contract-end"]),
    default="art17",
    help="What the tombstone says; art17 when left out.",
)
@why_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
def erase(
    site_id: str,
    consent_id: str | None,
    consent_id_file: TextIO | None,
    reason: Any,
    why: str | None,
    as_json: bool,
) -> None:
    """Erase every record of SITE about a consent id, at once and for good."""
    with application() as app:
        subject = _subject(app, site_id, consent_id, consent_id_file)
        erased = app.extensions["consent_erased"]
        about = {"reason": reason, **entries_about(site_id, subject)}
        record_deed(site_id, "erase", why, **about)
        count = service.erase(site_id, subject, instant(), erased, reason=reason, archived=True)
    if as_json:
        print_json({"site": site_id, "erased": count})
    else:
        click.echo(f"{site_id}: {count} record{'' if count == 1 else 's'} erased")


@rights.command()
@click.argument("site_id", metavar="SITE")
@click.option("--record", "record_id", required=True, help="Id of the record that is wrong.")
@click.option("--refuse", multiple=True, metavar="CATEGORY", help="It was not granted.")
@click.option("--language", metavar="TAG", help="The language that was shown.")
@why_option
def correct(
    site_id: str,
    record_id: str,
    refuse: tuple[str, ...],
    language: str | None,
    why: str | None,
) -> None:
    """Put wrong facts of a record right by a new record that names it; print that one.

    The old record stays as it is. A grant can be taken back, and never made.
    """
    with application():
        record_deed(site_id, "correct", why, **entry_of(site_id, record_id))
        correction = Correction(refuse, language)
        record = service.correct(site_id, record_id, correction, instant())
        print_json(record.exported(with_subject=False))


@rights.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")
def replay(as_json: bool) -> None:
    """Erase again what a restored database has again, by every line of the list.

    The running service does it by itself, by the lines that the database says are not done in it.
    """
    with application() as app:
        erased = app.extensions["consent_erased"]
        count = replay_erasures(erased, instant(), is_thorough=True)
    if as_json:
        print_json({"erased": count})
    else:
        click.echo(f"{count} record{'' if count == 1 else 's'} erased again")
