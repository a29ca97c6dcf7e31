"""``export``: write the audit export to a file or to standard output."""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import marshmallow as ma
from tqdm import tqdm

from consent_server.cli.deeds import record_deed_at, why_option
from consent_server.cli.environment import application
from consent_server.cli.parameters import FieldParameter, require_free
from consent_server.consents.models import EVENTS
from consent_server.exports.formats import FORMATS
from consent_server.exports.resuming import PartFile
from consent_server.exports.selection import LEVELS, Selection
from consent_server.exports.service import Export
from consent_server.web.fields import Base64url, Instant


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
BUNDLE = FieldParameter(Base64url(43), "hash")


@click.command()
@click.argument("site_id", metavar="SITE")
@click.option(
    "--format",
    "format_",
    type=click.Choice(list(FORMATS)),
    default="csv",
    show_default=True,
    help="Each holds the same, and can be verified.",
)
@click.option(
    "--level",
    type=click.Choice(LEVELS),
    default="decisions",
    show_default=True,
    help="counts: numbers alone; subjects: with the pseudonym of each visitor.",
)
@click.option("--from", "start", type=INSTANT, help="First instant or day, inclusive.")
@click.option("--to", "end", type=INSTANT, help="Last instant or day, exclusive.")
@click.option("--event", type=click.Choice(EVENTS), help="Only the records of this event.")
@click.option("--bundle", type=BUNDLE, help="Only the records of this bundle.")
@click.option(
    "--checkpoint", type=click.IntRange(1), help="Size of an earlier checkpoint, to repeat it."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File; standard output without it. It is written to FILE.part first.",
)
@click.option("--resume", is_flag=True, help="Go on with FILE.part after a crash.")
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@why_option
def export(
    site_id: str,
    format_: str,
    output: Path | None,
    checkpoint: int | None,
    resume: bool,
    force: bool,
    why: str | None,
    **asked: Any,
) -> None:
    """Export the records of SITE in the order of its log, with what proves them.

    `verify FILE` checks the result without network and database (docs/exports.md).
    """
    if output is not None:
        require_free(output, force=force)
    elif resume:
        raise click.UsageError("--resume needs a file (-o)")
    start, end = asked["start"], asked["end"]
    if start is not None and end is not None and end <= start:
        raise click.UsageError("--to must be later than --from")
    file = PartFile(output) if output is not None else None
    with application() as app:
        if resume and file is not None and checkpoint is None:
            checkpoint = file.checkpoint()
        notary = app.extensions["consent_notary"]
        made = Export(Selection(site_id, **asked), format_, notary, checkpoint)
        about = {"format": format_, "checkpoint": made.head.size}
        line = record_deed_at(site_id, "export", why, **made.selection.facts, **about)
        replica = app.extensions["consent_replica"]
        if replica is not None:
            made.source.prefer(replica, line)
        if file is None:
            with click.open_file("-", "wb") as stream:
                stream.writelines(made.pieces())
            return
        with tqdm(unit=" records", file=sys.stderr, disable=None) as progress:
            for done in file.write(made, resume=resume):
                progress.update(done - progress.n)
