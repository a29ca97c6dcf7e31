"""``openapi`` and ``schema``: write the generated documents, or check that they are fresh."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from consent_server import openapi as interface
from consent_server.cli.environment import application
from consent_server.sites.document.json_schema import json_schema

output_option = click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write."
)
check_option = click.option(
    "--check", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="File to compare."
)


@click.command()
@output_option
@check_option
def openapi(output: Path | None, check: Path | None) -> None:
    """Write the OpenAPI document of the HTTP interface."""
    with application(with_schema=False):
        _write_or_check(interface.document, output, check)


@click.command()
@output_option
@check_option
def schema(output: Path | None, check: Path | None) -> None:
    """Write the JSON Schema of the site document, for editors."""
    _write_or_check(json_schema, output, check)


def _write_or_check(make: Callable[[], Any], output: Path | None, check: Path | None) -> None:
    text = json.dumps(make(), indent=2, ensure_ascii=False) + "\n"
    if check is not None:
        if check.read_text(encoding="utf-8") != text:
            raise click.ClickException(f"{check} is stale; write it again with -o {check}")
        click.echo(f"{check} is fresh")
    elif output is not None:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)
