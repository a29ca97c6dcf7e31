"""``python -m bench.flames``: sample each hot path and draw it."""

import os
import tempfile
from pathlib import Path

import click

from bench.flames.drawing import drawn
from bench.flames.paths import PATHS, standing
from bench.processes import ROOT

OURS = frozenset(path.name for path in (ROOT / "consent_server").iterdir() if path.is_dir()) | {
    "consent_server",
    "flames",
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--samples",
    type=click.IntRange(10, 100_000),
    default=1_000,
    show_default=True,
    help="Stacks that are looked at on each path.",
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT / "docs" / "flames",
    show_default="docs/flames",
    help="Folder of the graphs.",
)
@click.argument("paths", nargs=-1, type=click.Choice(list(PATHS)))
def main(samples: int, into: Path, paths: tuple[str, ...]) -> None:
    """Draw where the CPU time of each hot path goes, on a new SQLite file.

    See docs/performance.md.
    """
    into.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="consent-flames-") as folder,
        standing(Path(folder)) as service,
    ):
        for name in paths or PATHS:
            title, sample = PATHS[name]
            graph = drawn(title, sample(service, samples), OURS)
            (into / f"{name}.svg").write_text(graph, encoding="utf-8")
            click.echo(f"{into / name}.svg, load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
