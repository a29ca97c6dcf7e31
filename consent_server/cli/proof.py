"""``proof``: write the proof pack of one record."""

from datetime import timedelta
from pathlib import Path

import click

from consent_server.cli.deeds import record_deed, why_option
from consent_server.cli.environment import application
from consent_server.cli.parameters import require_free
from consent_server.disk import whole_file
from consent_server.evidence.formats import FORMATS, proof_in
from consent_server.trail.service import entry_of


@click.command()
@click.argument("site_id", metavar="SITE")
@click.argument("record_id", metavar="RECORD")
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="pack",
    show_default=True,
    help="pack: all of it, as JSON; html: as a page with the banner; tlog-proof: for C2SP tools.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    default="-",
    help="File; standard output without it.",
)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@why_option
def proof(
    site_id: str, record_id: str, form: str, output: Path, force: bool, why: str | None
) -> None:
    """Write all that proves one RECORD of SITE without the service (docs/proof-pack.md).

    Each part is checked first: what is not what was signed is not given out.
    """
    is_file = output != Path("-")
    if is_file:
        require_free(output, force=force)
    with application() as app:
        merge_delay = timedelta(seconds=app.extensions["consent_settings"].merge_delay)
        notary = app.extensions["consent_notary"]
        content = proof_in(form, site_id, record_id, notary, merge_delay)
        record_deed(site_id, "proof", why, format=form, **entry_of(site_id, record_id))
    with whole_file(output) if is_file else click.open_file("-", "wb") as file:
        file.write(content)
