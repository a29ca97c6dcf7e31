"""The command line: all an operator does; exit codes 0 (done), 1 (refused), 2 (usage)."""

import sys
from typing import Any

import click
from sqlalchemy.exc import DatabaseError, OperationalError

from consent_server.cli import (
    audit,
    backup,
    database,
    documentation,
    export,
    key,
    keys,
    log,
    parquet,
    proof,
    rights,
    selfcheck,
    serve,
    site,
    token,
    trail,
    verify,
    witness,
)
from consent_server.errors import ConsentError
from consent_server.operations.measuring import VERSION


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
        except DatabaseError as error:
            # Not what says that a row is wrong: its words may quote the row.
            if type(error) not in (OperationalError, DatabaseError):
                raise
            # The driver's own words: they name the server, never the password. A SQLite file that
            # is damaged, or none, is a DatabaseError.
            detail = str(error.orig).strip().replace("\n", "\n  ")
            click.echo(f"database_unavailable: {detail}", err=True)
            sys.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=None, version=VERSION, prog_name="consent_server")
def main() -> None:
    """Self-hosted consent service: sites, keys, tokens, exports, log and trail, rights, server.

    Settings come from the environment (docs/settings.md).
    """


for command in (
    serve.serve,
    serve.check_config,
    selfcheck.selfcheck,
    site.site,
    key.key,
    token.token,
    keys.keys,
    export.export,
    parquet.parquet,
    verify.verify,
    witness.witness,
    log.log,
    trail.trail,
    proof.proof,
    audit.audit,
    rights.rights,
    database.lapse,
    database.purge,
    database.database,
    backup.backup,
    backup.restore,
    documentation.openapi,
    documentation.schema,
):
    main.add_command(command)
