"""``python -m bench``: measure, show a table, write JSON."""

import json
import os
import platform
import signal
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from tqdm import tqdm

from bench.client import client
from bench.contestants import ROUTES, contestants, database_missing
from bench.crowd import CONNECTIONS, crowds
from bench.figures import figures, table
from bench.processes import BenchFailed
from bench.rounds import Plan, measure

PACKAGES = ("flask", "gunicorn", "sqlalchemy", "psycopg", "marshmallow", "cryptography")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--quick", is_flag=True, help="Two small rounds: does it run? No figure to quote.")
@click.option("--rounds", type=click.IntRange(1, 100), default=15, show_default=True)
@click.option(
    "--requests",
    type=click.IntRange(2, 5000),
    default=400,
    show_default=True,
    help="Requests of each route in each round.",
)
@click.option(
    "--seconds",
    type=click.IntRange(1, 3600),
    default=300,
    show_default=True,
    help="Begin no round after this time.",
)
@click.option(
    "--crowd",
    type=click.IntRange(1, 100_000),
    default=4000,
    show_default=True,
    help=f"Requests of each route over {CONNECTIONS} connections, afterwards.",
)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
def main(
    quick: bool, rounds: int, requests: int, seconds: int, crowd: int, json_file: Path | None
) -> None:
    """Measure the CPU time of the service's hot routes beside a bare Flask route.

    Then the patience of those who come in a crowd.

    Everything listens on loopback and is gone at the end. See docs/performance.md.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    plan = Plan(2, 20, 2, seconds) if quick else Plan(rounds, requests, 2, seconds)
    try:
        report = _run(plan, 2 * CONNECTIONS if quick else crowd)
    except BenchFailed as failure:
        click.echo(f"bench: {failure}", err=True)
        sys.exit(1)
    for line in table(report):
        click.echo(line)
    if json_file is not None:
        json_file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _run(plan: Plan, count: int) -> dict[str, Any]:
    """Start everything, measure, end everything; return the report.

    :param count: requests of a crowd
    """
    started, load = datetime.now(UTC), _load()
    missing = database_missing()
    click.echo("starting the servers, each with a fresh database ...", err=True)
    with (
        tempfile.TemporaryDirectory(prefix="consent-bench-") as folder,
        client() as sender,
        contestants(sender, Path(folder)) as found,
        tqdm(total=plan.rounds * len(found) * len(ROUTES), unit="slice", disable=None) as bar,
    ):
        samples = measure(found, sender, plan, bar.update)
        databases = figures(found, samples)
        for contestant in found:
            databases[contestant.database]["crowd"] = crowds(contestant, count)
    return {
        "started_at": started.isoformat(timespec="seconds"),
        "plan": {"rounds": plan.rounds, "requests": plan.requests, "threads": plan.threads},
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "load_average": {"start": load, "end": _load(), "cores": os.cpu_count()},
        "databases": databases,
        "missing": {"postgresql": missing} if missing else {},
    }


def _load() -> float:
    """Return the load average of the last minute."""
    return round(os.getloadavg()[0], 2)


if __name__ == "__main__":
    main()
