"""The command line: all an operator does; exit codes 0 (done), 1 (refused), 2 (usage)."""

import sys
from typing import Any

import click
from sqlalchemy.exc import OperationalError

from consent_server.cli import (
    database,
    documentation,
    export,
    key,
    keys,
    serve,
    site,
    token,
)
from consent_server.errors import ConsentError


class Commands(click.Group):
    """The commands; a deliberate refusal ends with code 1 and one readable message."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and show a refusal without a traceback."""
        try:
            return super().invoke(ctx)
        except ConsentError as refusal:
            detail = str(refusal).replace("\n", "\n  ")
            click.echo(f"{refusal.reason}: {detail}", err=True)
            sys.exit(1)
        except OperationalError as error:
            # The driver's own words: they name the server, never the password.
            detail = str(error.orig).strip().replace("\n", "\n  ")
            click.echo(f"database_unavailable: {detail}", err=True)
            sys.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=None, version="0.1.0", prog_name="consent_server")
def main() -> None:
    """Self-hosted consent service: sites, keys, tokens, exports, server.

    Settings come from the environment (docs/settings.md).
    """


for command in (
    serve.serve,
    serve.check_config,
    site.site,
    key.key,
    token.token,
    keys.keys,
    export.export,
    database.lapse,
    database.database,
    documentation.openapi,
    documentation.schema,
):
    main.add_command(command)
