"""``witness``: be a witness for the logs of others (docs/witnesses.md)."""

from datetime import UTC, datetime
from pathlib import Path

import click
import marshmallow as ma

from consent_server.addresses import is_bind
from consent_server.cli import Group
from consent_server.witness.cosigning import Cosigner
from consent_server.witness.keeping import SeenLogs, WitnessKey
from consent_server.witness.serving import serve
from consent_server.witnessing.policyfile import read_policy

directory = click.option(
    "--dir",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("witness"),
    show_default=True,
    help="Where the key and what was seen are kept. Never put an older copy in its place.",
)


@click.group(cls=Group)
def witness() -> None:
    """Vouch for the logs of others: needs no database and no settings (docs/witnesses.md)."""


@witness.command()
@click.argument("name", metavar="NAME")
@directory
def init(name: str, directory: Path) -> None:
    """Make the key of a witness called NAME (its address without https://), and print it.

    Give the printed key to the operators of the logs, and to whoever verifies.
    """
    click.echo(WitnessKey.create(directory, name).public.vkey)


@witness.command("serve")
@click.option(
    "--logs",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Trust policy with a line `log KEY` for each log (GET .../log/key).",
)
@click.option(
    "--bind",
    metavar="HOST:PORT",
    default="127.0.0.1:8100",
    show_default=True,
    help="Where to listen.",
)
@directory
def serve_(logs: Path, bind: str, directory: Path) -> None:
    """Cosign the checkpoints that the logs submit, as long as each only grew."""
    try:
        is_bind(bind)
    except ma.ValidationError as problem:
        raise click.BadParameter(str(problem.messages[0]), param_hint="--bind") from None
    policy = read_policy(logs)
    if not policy.logs:
        raise click.UsageError(f"{logs}: has no line that begins with log")
    key = WitnessKey.read(directory)
    cosigner = Cosigner(key, policy.logs, SeenLogs(directory), lambda: datetime.now(UTC))
    click.echo(f"witness {key.public.vkey} for {len(policy.logs)} keys of logs at {bind}")
    serve(cosigner, bind)
