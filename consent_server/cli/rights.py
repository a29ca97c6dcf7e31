"""``rights``: what is recorded about a visitor, shown, put right, erased."""

from typing import Any, TextIO

import click

from consent_server.cli import Group, json_option
from consent_server.cli.deeds import record_deed, why_option
from consent_server.cli.environment import application, instant, print_json
from consent_server.cli.restricted import restricted, restricted_key
from consent_server.cli.visitor import consent_id_options, subject_of
from consent_server.consents.correcting import Correction
from consent_server.erasing.listed import compare
from consent_server.erasing.replay import replay as replay_erasures
from consent_server.rights import service
from consent_server.trail.service import entries_about, entry_of


@click.group(cls=Group)
def rights() -> None:
    """What a visitor can ask for (docs/retention.md).

    A consent id is a secret: give it in a file, or on standard input with --consent-id-file -.
    """


@rights.command()
@click.argument("site_id", metavar="SITE")
@consent_id_options
@why_option
def show(
    site_id: str, consent_id: str | None, consent_id_file: TextIO | None, why: str | None
) -> None:
    """Print every record of SITE about a consent id, as JSON."""
    with application() as app:
        subject = subject_of(app, site_id, consent_id, consent_id_file)
        record_deed(site_id, "show", why, **entries_about(site_id, subject))
        print_json(service.what_is_held(site_id, subject, instant(), archived=True))


@rights.command()
@click.argument("site_id", metavar="SITE")
@consent_id_options
@click.option(
    "--reason",
    type=click.Choice(["art17", "contract-end"]),
    default="art17",
    help="What the tombstone says; art17 when left out.",
)
@why_option
@json_option
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
        subject = subject_of(app, site_id, consent_id, consent_id_file)
        erased = app.extensions["consent_erased"]
        about = {"reason": reason, **entries_about(site_id, subject)}
        record_deed(site_id, "erase", why, **about)
        done = service.erase(site_id, subject, instant(), erased, reason=reason, archived=True)
    if as_json:
        print_json(done.as_told(site_id))
        return
    count = done.count
    click.echo(f"{site_id}: {count} record{'' if count == 1 else 's'} erased")
    if done.kept is not None:
        click.echo(f"sealed proofs are kept for legal claims until {done.kept.ends_at:%Y-%m-%d}")


@rights.command()
@click.argument("site_id", metavar="SITE")
@click.option(
    "--record", "record_id", metavar="ID", required=True, help="The record that is wrong."
)
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
@json_option
def replay(as_json: bool) -> None:
    """Erase again what a restored database has again, by every line of the list.

    The running service does it by itself, by the lines that the database says are not done in it.
    Ends with 1 when lines are missing from the list: what they named is not erased again.
    """
    with application() as app:
        erased = app.extensions["consent_erased"]
        count = replay_erasures(erased, instant(), is_thorough=True)
        listed = compare(erased)
    if as_json:
        print_json({"erased": count, "missing": listed.missing, "other_lists": listed.others})
    else:
        click.echo(f"{count} record{'' if count == 1 else 's'} erased again")
    for said in filter(None, (listed.problem, listed.doubt)):
        click.echo(f"{said} (docs/retention.md, Backups and restores)", err=True)
    raise SystemExit(1 if listed.missing else 0)


for command in (restricted, restricted_key):
    rights.add_command(command)
