"""``audit``: look at a site as its visitors do; the one command that opens pages of others."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import BinaryIO
from urllib.parse import urljoin, urlsplit

import click
from sqlalchemy.exc import OperationalError

from consent_server.audit.declared import Declared
from consent_server.audit.errors import AuditImpossible
from consent_server.audit.judging import judge
from consent_server.audit.observed import Life
from consent_server.audit.report import LIVES, as_dict, as_lines, summary
from consent_server.audit.seen import Seen
from consent_server.cli import json_option
from consent_server.cli.environment import application, print_json
from consent_server.embed.shipped import artifacts
from consent_server.errors import ConsentError
from consent_server.sites.bundle import build_bundle
from consent_server.sites.document import load_document
from consent_server.sites.service import bundle_of, current_publication, origins_of

REMEDY = (
    "the audit drives a browser, which the service itself does without. Install Playwright (the "
    'extra `audit` of pyproject.toml): pip install "playwright>=1.64,<1.65"; and a Chromium, on '
    "Debian by apt-get install chromium, elsewhere by python -m playwright install chromium."
)


class CouldNotRun(click.ClickException):
    """The audit has no result."""

    exit_code = 2


@click.command()
@click.argument("urls", metavar="URL...", nargs=-1, required=True)
@click.option("--site", "site_id", metavar="SITE", help="Compare with SITE of this database.")
@click.option(
    "--document",
    metavar="FILE",
    type=click.File("rb"),
    help="Compare with a document, before it is published.",
)
@click.option(
    "--pages",
    "more",
    metavar="URL",
    multiple=True,
    help="A further page, also relative to the first; may be repeated.",
)
@click.option("--own", metavar="HOST", multiple=True, help="A further host of the site's own.")
@click.option(
    "--no-accept", is_flag=True, help="Leave the third visitor out: no acceptance is recorded."
)
@click.option(
    "--wait",
    metavar="SECONDS",
    type=click.FloatRange(0, 120),
    default=3.0,
    show_default=True,
    help="How long to stay on each page.",
)
@json_option
def audit(
    urls: Sequence[str],
    site_id: str | None,
    document: BinaryIO | None,
    more: Sequence[str],
    own: Sequence[str],
    no_accept: bool,
    wait: float,
    as_json: bool,
) -> None:
    """Visit a site three times and compare what happens with what it has declared.

    A real browser opens URL, and each further page, as a visitor who does not choose, one who
    refuses, and one who accepts and then withdraws. Every host contacted and everything stored is
    compared with the site's document: by default the one that the widget of the page has
    published.

    Ends with 0 when nothing was found, 1 when something was, 2 when the audit could not run.

    This is the only command that connects to other sites: to these pages, what they load, and
    the consent service that they name. The choices are real: one refusal, one acceptance and
    one withdrawal end up in the log of the audited site (--no-accept: the refusal alone).
    """
    if site_id and document:
        raise click.UsageError("--site and --document exclude each other")
    pages = _pages([urls[0], *more, *urls[1:]])
    try:
        declared = _declared(site_id, document)
        seen = _live(pages, declared, wait, accepts=not no_accept)
    except (AuditImpossible, ConsentError) as error:
        raise CouldNotRun(str(error)) from None
    except OperationalError as error:
        raise CouldNotRun(f"the database does not answer: {error.orig}") from None
    verdict = judge(seen, own, accepts=not no_accept)
    if as_json:
        print_json(as_dict(seen, verdict, pages, datetime.now(UTC)))
    else:
        for line in as_lines(seen, verdict, pages):
            click.echo(line)
    raise SystemExit(0 if verdict.is_clean else 1)


def _live(pages: Sequence[str], declared: Declared | None, wait: float, *, accepts: bool) -> Seen:
    try:
        from consent_server.audit.lives import live
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "playwright":
            raise
        raise AuditImpossible(REMEDY) from None

    #: The visit whose line is not ended yet.
    visiting: list[Life] = []

    def tell(life: Life, is_over: bool) -> None:
        visiting[:] = [] if is_over else [life]
        number = list(LIVES).index(life.name) + 1
        if is_over:
            click.echo(f" {summary(life)}", err=True)
        else:
            click.echo(f"{number}/3 {LIVES[life.name]} …", err=True, nl=False)

    try:
        return live(pages, declared, wait, accepts=accepts, tell=tell)
    except AuditImpossible:
        if visiting:
            click.echo(err=True)
        raise


def _pages(given: Sequence[str]) -> list[str]:
    pages = [urljoin(given[0], url) for url in given]
    for page in pages:
        parts = urlsplit(page)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise click.UsageError(f"{page!r} is no address of a page; it begins with https://")
    return list(dict.fromkeys(pages))


def _declared(site_id: str | None, document: BinaryIO | None) -> Declared | None:
    if site_id:
        with application():
            publication = current_publication(site_id)
            return Declared(
                bundle_of(publication),
                "database",
                publication.bundle_hash,
                tuple(origins_of(publication)),
            )
    if document:
        try:
            text = document.read().decode()
        except UnicodeDecodeError:
            raise AuditImpossible(f"{document.name} is not UTF-8 text") from None
        parsed = load_document(text, artifacts().texts)
        bundle = build_bundle(parsed, artifacts().texts, "", None)
        return Declared(bundle, "file", None, tuple(parsed.origins))
    return None
