"""The command line: all an operator does; exit codes 0 (done), 1 (refused), 2 (usage)."""

import errno
import os
import sys
from importlib import import_module
from typing import Any

import click
from sqlalchemy.exc import DatabaseError, OperationalError

from consent_server import __version__
from consent_server.errors import ConsentError

#: Command → its module here, and its name in it. Loaded when it is run or described: nobody waits
#: for the others, and a service that runs for months holds none of them.
COMMANDS = {
    "audit": "audit:audit",
    "backup": "backup:backup",
    "check-config": "serve:check_config",
    "db": "database:database",
    "export": "export:export",
    "key": "key:key",
    "keys": "keys:keys",
    "lapse": "database:lapse",
    "log": "log:log",
    "openapi": "documentation:openapi",
    "parquet": "parquet:parquet",
    "proof": "proof:proof",
    "purge": "database:purge",
    "restore": "backup:restore",
    "rights": "rights:rights",
    "schema": "documentation:schema",
    "selfcheck": "selfcheck:selfcheck",
    "serve": "serve:serve",
    "site": "site:site",
    "token": "token:token",
    "trail": "trail:trail",
    "verify": "verify:verify",
    "witness": "witness:witness",
}

#: Of every command whose answer a script may read.
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a script.")

#: More characters than any first sentence has.
WHOLE = 1_000

#: No room on the disk, or for whoever runs this: of a file that is open already, without its name.
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

#: SQLSTATE of a right that the service's role does not have.
DENIED = "42501"


class Group(click.Group):
    """A group whose help says of each command all of its first sentence."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands; click itself cuts every sentence to one line."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, command.get_short_help_str(WHOLE)) for name, command in found if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Commands(Group):
    """The commands; a deliberate refusal ends with code 1 and one readable message."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"{__name__}.{module}"), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command and show a refusal without a traceback."""
        try:
            return super().invoke(ctx)
        except ConsentError as refusal:
            detail = str(refusal).replace("\n", "\n  ")
            click.echo(f"{refusal.reason}: {detail}", err=True)
            sys.exit(1)
        except OSError as error:
            # A folder that is missing, a right, a full disk: of the machine, not of the program.
            named = isinstance(error.filename, str | bytes)
            if not named and error.errno not in FULL:
                raise
            where = f"{os.fsdecode(error.filename)}: " if named else ""
            click.echo(f"Error: {where}{error.strerror}", err=True)
            sys.exit(1)
        except DatabaseError as error:
            is_denied = getattr(error.orig, "sqlstate", None) == DENIED
            if type(error) not in (OperationalError, DatabaseError) and not is_denied:
                click.echo(_unexpected(error), err=True)
                sys.exit(1)
            # The driver's own words: they name the server, never the password. A SQLite file that
            # is damaged, or none, is a DatabaseError.
            detail = str(error.orig).strip().replace("\n", "\n  ")
            mend = "; run db roles after each upgrade, and selfcheck" if is_denied else ""
            if getattr(error.orig, "sqlite_errorname", None) == "SQLITE_CANTOPEN":
                mend = _where_no_file_opens()
            click.echo(f"database_unavailable: {detail}{mend}", err=True)
            sys.exit(1)


def _unexpected(error: DatabaseError) -> str:
    """Say of a database that is not as this version made it what was met, and no word of a row."""
    kind = type(error.orig).__name__
    return (
        f"database_changed: {kind}: a table or a row is not as this version makes it; "
        "run selfcheck, and log audit SITE"
    )


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=None, version=__version__, prog_name="consent_server")
def main() -> None:
    """Self-hosted consent service: sites, keys, tokens, exports, log and trail, rights, server.

    Settings come from the environment (docs/settings.md).
    """


def _where_no_file_opens() -> str:
    from consent_server.config import load_settings

    place = load_settings(os.environ).sqlite_path
    return f" {place}; its folder has to exist, and to be open to whoever runs this"
