"""``verify``: check what a service gave out, offline (the verifier itself is ``verification``)."""

from pathlib import Path

import click

from consent_server import verification
from consent_server.cli import json_option

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=FILE)
@click.option(
    "--key", "vkey", metavar="VKEY", help="The log's key, from another channel than the file."
)
@click.option(
    "--checkpoint", type=FILE, help="A checkpoint kept from earlier; needs --key or --policy."
)
@click.option(
    "--handover",
    "handovers",
    multiple=True,
    type=FILE,
    help="Note by which a key took over from --key; in their order where there are several.",
)
@click.option("--policy", type=FILE, help="Who must have seen the checkpoint (docs/witnesses.md).")
@click.option("--jwks", type=FILE, help="Keys of tokens and receipts, /.well-known/jwks.json.")
@click.option("--compare", is_flag=True, help="Each file must continue or equal the others' logs.")
@json_option
def verify(
    files: tuple[Path, ...],
    vkey: str | None,
    checkpoint: Path | None,
    handovers: tuple[Path, ...],
    policy: Path | None,
    jwks: Path | None,
    compare: bool,
    as_json: bool,
) -> None:
    """Verify exports, proof packs, receipts, tokens, proofs and checkpoints, offline.

    Says what was proved, by which checkpoint and key, and what no file can prove (docs/exports.md).
    Ends with 0 when everything is verified, 1 when something is not, 2 on wrong usage.
    """
    try:
        reports = verification.verify_all(
            list(files),
            vkey=vkey,
            checkpoint=checkpoint,
            jwks=jwks,
            handovers=handovers,
            policy=policy,
        )
    except (OSError, ValueError, KeyError, verification.Unverifiable) as problem:
        raise click.UsageError(verification.plain(str(problem))) from None
    text, code = verification.conclude(reports, as_json=as_json, must_compare=compare)
    click.echo(text)
    raise SystemExit(code)
