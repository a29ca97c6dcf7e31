"""``python -m bench.scale``: measure what a record costs, and say what so many a month take."""

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from bench.client import client
from bench.contestants import POSTGRESQL_SETTINGS, contestants
from bench.figures import figures
from bench.processes import ROOT, BenchFailed
from bench.rounds import Plan, measure
from bench.scale.kept import kept
from bench.scale.model import Load, as_markdown
from tests.machine import cluster, postgresql

PAGE = ROOT / "docs" / "scale.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--records",
    type=click.IntRange(100, 10_000_000),
    default=50_000,
    show_default=True,
    help="Records that are written and sealed, for their bytes.",
)
@click.option("--rounds", type=click.IntRange(1, 100), default=7, show_default=True)
@click.option(
    "--requests",
    type=click.IntRange(2, 5000),
    default=300,
    show_default=True,
    help="Requests of each route in each round, for their CPU time.",
)
@click.option(
    "--checks",
    type=click.FloatRange(0),
    default=Load.checks_per_record,
    show_default=True,
    help="API checks for each record.",
)
@click.option(
    "--peak",
    type=click.FloatRange(1),
    default=Load.peak,
    show_default=True,
    help="The busiest second over the average one.",
)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--docs", is_flag=True, help="Write the tables into docs/scale.md.")
def main(
    records: int,
    rounds: int,
    requests: int,
    checks: float,
    peak: float,
    json_file: Path | None,
    docs: bool,
) -> None:
    """Measure what a record costs on each database, and show what a month of them takes.

    Everything listens on loopback and is gone at the end. See docs/scale.md.
    """
    load = Load(0, checks_per_record=checks, peak=peak)
    try:
        report = measured(records, Plan(rounds, requests, 2, 300))
    except BenchFailed as failure:
        click.echo(f"bench: {failure}", err=True)
        sys.exit(1)
    text = "\n".join(_page(report, load))
    click.echo(text)
    if json_file is not None:
        json_file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    if docs:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}", encoding="utf-8")


def measured(records: int, plan: Plan) -> dict[str, Any]:
    """Return what a record costs on each database of this machine, JSON-ready.

    :raises BenchFailed: a server does not start or answer
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="consent-bench-")))
        click.echo("measuring decisions and checks ...", err=True)
        sender = stack.enter_context(client())
        found = stack.enter_context(contestants(sender, folder))
        spent = figures(found, measure(found, sender, plan, lambda: None))
    return {
        "at": datetime.now(UTC).isoformat("T", "seconds"),
        "load": os.getloadavg()[0],
        "databases": {engine: _cost(engine, routes, records) for engine, routes in spent.items()},
    }


def _cost(engine: str, spent: Mapping[str, Any], records: int) -> dict[str, Any]:
    click.echo(f"{engine}: writing and sealing {records:,} records ...", err=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="consent-bench-")))
        url = f"sqlite:///{folder / 'consent.sqlite3'}"
        if engine == "postgresql":
            tool = postgresql.find()
            assert tool is not None  # it was measured a moment ago
            private = cluster.start(tool, POSTGRESQL_SETTINGS)
            stack.callback(private.stop)
            url = private.url()
        size = kept(url, folder, records)
    record, check = spent["routes"]["record"], spent["routes"]["check"]
    return {
        "version": spent["version"],
        "tables": size["tables"],
        "cost": {
            "bytes_per_record": size["bytes_per_record"],
            "record_us": record["cpu_us"]["median"],
            "record_database_us": record["database_cpu_us"]["median"],
            "check_us": check["cpu_us"]["median"],
            "check_database_us": check["database_cpu_us"]["median"],
            "leaves_per_second": size["leaves_per_second"],
        },
    }


def _page(report: Mapping[str, Any], load: Load) -> Iterator[str]:
    for engine, found in report["databases"].items():
        name = "SQLite" if engine == "sqlite" else "PostgreSQL"
        yield from as_markdown(f"{name} {found['version']}", found, load)
        yield ""
    yield f"{report['at'][:10]}, load {report['load']:.1f} on {os.cpu_count()} cores."


if __name__ == "__main__":
    main()
