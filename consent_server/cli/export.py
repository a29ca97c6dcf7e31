"""``export``: write the audit export to a file or to standard output."""

import sys
from datetime import datetime
from typing import BinaryIO

import click
import marshmallow as ma
from tqdm import tqdm

from consent_server.cli.environment import application
from consent_server.consents.models import EVENTS
from consent_server.exports.formats import FORMATS, pieces
from consent_server.exports.service import LEVELS, Selection, count
from consent_server.sites.service import require_site
from consent_server.web.fields import Instant


class InstantParameter(click.ParamType[datetime]):
    """An RFC 3339 instant, or a day, which means its beginning in UTC."""

    name = "instant"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read the instant or end with a usage error."""
        text = str(value)
        try:
            return Instant().deserialize(text if len(text) > 10 else f"{text}T00:00:00Z")
        except ma.ValidationError:
            self.fail(f"{text!r} is neither 2026-11-22 nor 2026-11-22T20:00:00Z", param, ctx)


INSTANT = InstantParameter()


@click.command()
@click.argument("site_id", metavar="SITE")
@click.option("--format", "format_", type=click.Choice(list(FORMATS)), default="csv")
@click.option(
    "--level",
    type=click.Choice(LEVELS),
    default="decisions",
    show_default=True,
    help="counts: numbers alone; subjects: with the pseudonym of each visitor.",
)
@click.option("--from", "start", type=INSTANT, help="First instant or day, inclusive.")
@click.option("--to", "end", type=INSTANT, help="Last instant or day, exclusive.")
@click.option("--event", type=click.Choice(EVENTS))
@click.option(
    "-o", "--output", type=click.File("wb"), default="-", help="File; standard output without it."
)
def export(
    site_id: str,
    format_: str,
    level: str,
    start: datetime | None,
    end: datetime | None,
    event: str | None,
    output: BinaryIO,
) -> None:
    """Export the consent records of SITE, one line each, in order of time."""
    with application():
        require_site(site_id, archived=True)
        selection = Selection(site_id, level, start, end, event)
        total = count(selection)
        output.write(b"")  # opens the file: an export of nothing is an empty one
        with tqdm(total=total, unit=" records", file=sys.stderr, disable=None) as progress:
            for piece in pieces(FORMATS[format_].write(selection)):
                output.write(piece)
                progress.update(min(piece.count(b"\n"), total - progress.n))
