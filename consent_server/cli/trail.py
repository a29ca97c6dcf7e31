"""``trail``: who of the house read or changed what."""

import json
from typing import Any

import click

from consent_server.cli import json_option
from consent_server.cli.deeds import record_deed, why_option
from consent_server.cli.environment import application, print_json
from consent_server.trail.service import LARGEST_NUMBER, lines_of, members_of


@click.command()
@click.argument("site_id", metavar="SITE")
@click.option(
    "--after",
    type=click.IntRange(0, LARGEST_NUMBER),
    default=0,
    help="Only lines after this number.",
)
@why_option
@json_option
def trail(site_id: str, after: int, why: str | None, as_json: bool) -> None:
    """Print who read or changed what of SITE, when and why; this read is in it too.

    `log audit SITE` verifies that no line was changed or removed (docs/trail.md).
    """
    with application():
        record_deed(site_id, "trail", why, after=after)
        lines = [members_of(line) for line in lines_of(site_id, after)]
    if as_json:
        print_json(lines)
        return
    for line in lines:
        reason = f"  ({line['why']})" if "why" in line else ""
        facts = "  ".join(
            f"{name}={_in_words(value)}" for name, value in line["facts"].items() if value
        )
        said = f"{line['number']:>6}  {line['at']}  {line['who']:<16} {line['what']:<11} {facts}"
        click.echo(said.rstrip() + reason)


def _in_words(value: Any) -> str:
    """Write a fact: what is a text as it is, several with commas between, the rest as JSON."""
    if isinstance(value, list):
        return ",".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
