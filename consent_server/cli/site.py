"""``site``: publish sites from their documents."""

from typing import Any, BinaryIO

import click
import yaml

from consent_server.cli import Group, json_option
from consent_server.cli.deeds import MENDS, publication_deed, record_deed, why_option
from consent_server.cli.environment import application, instant, print_json
from consent_server.columns import rfc3339
from consent_server.consents.forecast import count_asked_again
from consent_server.embed.shipped import artifacts
from consent_server.sealing.notary import Notary
from consent_server.sealing.publishing import (
    Published,
    bring_into_force,
    promised_bundles,
    publish_in_log,
)
from consent_server.sites import listing, publishing, service
from consent_server.sites.archiving import archive as archive_site
from consent_server.sites.archiving import is_since_unreadable
from consent_server.sites.document import (
    DocumentInvalid,
    Finding,
    SiteDocument,
    load_document,
    warnings,
)
from consent_server.sites.errors import NothingToPublish, ReasonMissing
from consent_server.sites.plan import Plan

UNREADABLE_SINCE = "when it was archived could not be read"
document_argument = click.argument("document", metavar="FILE", type=click.File("rb"))
immaterial_option = click.option(
    "--immaterial",
    is_flag=True,
    is_eager=True,
    help="The change corrects: nobody is asked again. Needs --reason.",
)


def _of_an_immaterial_change(
    ctx: click.Context, _: click.Parameter, reason: str | None
) -> str | None:
    """Refuse a reason alone: whoever gave one believes that nobody is asked again."""
    if reason is not None and not ctx.params["immaterial"]:
        raise click.UsageError("--reason says why a change is immaterial: add --immaterial", ctx)
    return reason


reason_option = click.option(
    "--reason",
    callback=_of_an_immaterial_change,
    help="Why the change is immaterial; kept with the publication.",
)


@click.group(cls=Group)
def site() -> None:
    """Publish sites from their documents (docs/site-document.md)."""


@site.command("list")
@json_option
def list_sites(as_json: bool) -> None:
    """List the sites and what each has published."""
    with application():
        lines = [_summary(entry) for entry in listing.list_sites()]
    if as_json:
        print_json(lines)
        return
    for line in lines or []:
        if "problem" in line:
            click.echo(f"{line['site']:<24} {line['problem']}")
            continue
        state = "archived" if line["archived_at"] else f"revision {line['revision']}"
        click.echo(f"{line['site']:<24} {state:<14} {line['published_at']}  {line['name']}")
    if not lines:
        click.echo("no site is published yet; see: site publish --help")


@site.command()
@click.argument("site_id", metavar="SITE")
@json_option
def show(site_id: str, as_json: bool) -> None:
    """Print the document that a site has published; it can be edited and published again."""
    with application():
        publication = service.newest_publication(site_id, archived=True)
        document = publication.document
        head = f"# revision {publication.revision}, {rfc3339(publication.published_at)}, bundle "
        head += publication.bundle_hash
    if as_json:
        print_json(document)
        return
    click.echo(head)
    click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)


@site.command()
@document_argument
@immaterial_option
@reason_option
@json_option
def plan(document: BinaryIO, immaterial: bool, reason: str | None, as_json: bool) -> None:
    """Show what publishing FILE would change and how many consents it would ask again."""
    if immaterial and not (reason or "").strip():
        raise ReasonMissing  # as `publish` would
    with application() as app:
        parsed = _read(document)
        planned, asked = _planned(parsed, immaterial, app.extensions["consent_notary"])
    notes = _notes(parsed)
    if as_json:
        print_json({**planned.as_dict(), "live_consents_asked_again": asked, "warnings": notes})
        return
    for line in planned.lines():
        click.echo(line)
    click.echo(f"{asked} live consent{'' if asked == 1 else 's'} would be asked again.")
    _print_warnings(notes)


@site.command()
@document_argument
@immaterial_option
@reason_option
@why_option
@json_option
def publish(
    document: BinaryIO, immaterial: bool, reason: str | None, why: str | None, as_json: bool
) -> None:
    """Publish FILE as the site's next bundle, and put its hash into the log.

    Ends with 1 when the log cannot be signed: pages get what was published before until it is.
    """
    with application() as app:
        parsed = _read(document)
        _, asked = _planned(parsed, immaterial, app.extensions["consent_notary"])
        mends = is_since_unreadable(parsed.site)
        try:
            done = publish_in_log(
                parsed,
                artifacts(),
                app.extensions["consent_notary"],
                instant(),
                immaterial=immaterial,
                reason=reason,
                before_commit=publication_deed(why, mends=mends),
            )
        except NothingToPublish as same:
            newest = service.newest_publication(parsed.site)
            if not service.is_in_force(newest):
                about = {"revision": newest.revision, "hash": newest.bundle_hash}
                record_deed(parsed.site, "publish", why, **about)
            pending = bring_into_force(newest, app.extensions["consent_notary"], instant())
            _tell_nothing(parsed.site, same.revision, pending, as_json)
            raise SystemExit(0 if pending is None else 1) from None
        notes = _notes(parsed)
        answer = {**_told(done), "live_consents_asked_again": asked, "warnings": notes}
        answer |= {"mended": "archived_at"} if mends else {}
    exit_code = 0 if done.pending is None else 1
    if as_json:
        print_json(answer)
        raise SystemExit(exit_code)
    click.echo(f"{answer['site']}: published revision {answer['revision']}, {answer['hash']}")
    if mends:
        click.echo(f"{answer['site']}: {UNREADABLE_SINCE}; it is in service again")
    click.echo(f"{asked} live consent{'' if asked == 1 else 's'} will be asked again.")
    _print_warnings(notes)
    if done.pending is not None:
        click.echo(f"{answer['site']}: not in force yet: {done.pending}", err=True)
    raise SystemExit(exit_code)


@site.command()
@click.argument("site_id", metavar="SITE")
@why_option
@json_option
def archive(site_id: str, why: str | None, as_json: bool) -> None:
    """Take SITE out of service; its evidence stays and can be exported.

    Its pages get no banner from then on, and grant nothing new; `site publish` of its document
    brings it back.
    """
    with application():
        mends = is_since_unreadable(site_id)
        if mends:
            record_deed(site_id, "mend", why, **MENDS)
        record_deed(site_id, "archive", why)
        archive_site(site_id, instant())
    if as_json:
        mended = {"mended": "archived_at"} if mends else {}
        print_json({"site": site_id, "archived": True, **mended})
        return
    click.echo(f"{site_id}: archived{f'; {UNREADABLE_SINCE}, and is now' if mends else ''}")
    click.echo("its script is 404 from now on; site publish FILE brings it back", err=True)


def _told(done: Published) -> dict[str, Any]:
    published = done.publication
    return {
        "site": published.site_id,
        "published": True,
        "in_force": done.pending is None,
        "pending": done.pending,
        "revision": published.revision,
        "hash": published.bundle_hash,
        "published_at": rfc3339(published.published_at),
    }


def _tell_nothing(site_id: str, revision: int, pending: str | None, as_json: bool) -> None:
    """Say that a document is published already, and whether pages get it."""
    if as_json:
        state = {"in_force": pending is None, "pending": pending}
        print_json({"site": site_id, "published": False, "revision": revision, **state})
        return
    click.echo(f"{site_id}: nothing to publish, revision {revision} stays")
    if pending is not None:
        click.echo(f"{site_id}: not in force yet: {pending}", err=True)


def _read(document: BinaryIO) -> SiteDocument:
    try:
        return load_document(document.read().decode(), artifacts().texts)
    except UnicodeDecodeError:
        invalid = DocumentInvalid([Finding("", "is not UTF-8 text", "unreadable")])
        raise invalid.of(document.name) from None
    except DocumentInvalid as invalid:
        raise invalid.of(document.name) from None


def _planned(document: SiteDocument, immaterial: bool, notary: Notary) -> tuple[Plan, int]:
    """Return what publishing would change, and how many live consents it would ask again."""
    promised = promised_bundles(document.site, notary)
    planned = publishing.plan(document, artifacts(), immaterial=immaterial, promised=promised)
    touched = set(planned.touched_categories)
    return planned, count_asked_again(document.site, touched, instant())


def _notes(document: SiteDocument) -> list[dict[str, str]]:
    return [{"path": note.path, "message": note.message} for note in warnings(document)]


def _summary(entry: listing.SiteSummary | listing.UnreadableSite) -> dict[str, Any]:
    if isinstance(entry, listing.UnreadableSite):
        return {"site": entry.site_id, "problem": entry.problem}
    archived_at = entry.archived_at
    return {
        "site": entry.site_id,
        "name": entry.name,
        "revision": entry.publication.revision,
        "hash": entry.publication.bundle_hash,
        "published_at": rfc3339(entry.publication.published_at),
        "archived_at": rfc3339(archived_at) if archived_at else None,
    }


def _print_warnings(notes: list[dict[str, str]]) -> None:
    for note in notes:
        click.echo(f"warning: {note['path']}: {note['message']}", err=True)
