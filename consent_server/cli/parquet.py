"""``parquet``: an export as a file for those who compute with it."""

from pathlib import Path

import click
from tqdm import tqdm

from consent_server.cli.parameters import require_free
from consent_server.disk import part_of, whole_file

REMEDY = (
    "a Parquet file needs pyarrow, which the service itself does not (the extra `parquet` of "
    'pyproject.toml): pip install "pyarrow>=26,<27"'
)


@click.command()
@click.argument(
    "source", metavar="EXPORT", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write.",
)
@click.option("--force", is_flag=True, help="Overwrite it.")
def parquet(source: Path, output: Path, force: bool) -> None:
    """Write the records of EXPORT, a file in JSON Lines, as Parquet.

    For computing: the export is what `verify` checks, so keep it. The new file has its signed
    manifest as metadata (docs/exports.md).
    """
    for written in (output, part_of(output)):
        if written.exists() and written.samefile(source):
            problem = f"{written} is the export itself: keep it, it alone proves something"
            raise click.UsageError(problem)
    require_free(output, force=force)
    try:
        from consent_server.exports.parquet import to_parquet
    except ImportError as error:
        if (error.name or "").partition(".")[0] != "pyarrow":
            raise
        raise click.ClickException(REMEDY) from None
    with whole_file(output) as file, tqdm(unit=" records", disable=None) as progress:
        for done in to_parquet(source, file):
            progress.update(done - progress.n)
