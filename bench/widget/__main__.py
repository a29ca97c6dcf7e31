"""``python -m bench.widget``: measure the widget, show tables, write JSON and the documentation."""

import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import sync_playwright
from tqdm import tqdm

from bench.processes import BenchFailed
from bench.widget.contestants import BASELINE, FLOOR, OURS
from bench.widget.figures import figures
from bench.widget.limits import Line, size_lines, time_lines
from bench.widget.peers import peers
from bench.widget.report import as_text, tables, write_page
from bench.widget.rounds import count_visits, measure
from bench.widget.site import ONE, THREE
from bench.widget.sizes import Size, largest_language, measure_size
from bench.widget.standing import standing
from bench.widget.visit import CONDITIONS, Condition, Visitor
from consent_server.web import logs
from tests.machine import chromium


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--sizes", "only_sizes", is_flag=True, help="Bytes alone: seconds, no browser.")
@click.option(
    "--rounds",
    type=click.IntRange(1, 100),
    default=7,
    show_default=True,
    help="Visits of each kind.",
)
@click.option(
    "--condition",
    "names",
    type=click.Choice(list(CONDITIONS)),
    multiple=True,
    help="slow: 1.6 Mbps, +150 ms, CPU 4x. none: as it is. Both when left out.",
)
@click.option("--peers", "with_peers", is_flag=True, help="Other banners too, fetched from npm.")
@click.option("--seed", type=int, default=1, show_default=True, help="Decides the orders.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--docs", is_flag=True, help="Write the tables into docs/performance.md.")
def main(
    only_sizes: bool,
    rounds: int,
    names: tuple[str, ...],
    with_peers: bool,
    seed: int,
    json_file: Path | None,
    docs: bool,
) -> None:
    """Measure what the widget costs a page, beside a page without it and a hand-written floor.

    Each visit has a new browser with a new profile; all contestants take turns in a new order each
    round. Everything listens on loopback and is gone at the end. A busy machine spoils times, not
    bytes, requests or heap: the load average is shown. See docs/performance.md.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    logs.configure("warning")
    sizes = [measure_size(ONE), measure_size(THREE), largest_language()]
    report: dict[str, Any] = {"sizes": [asdict(size) for size in sizes]}
    lines = size_lines(*sizes[:2])
    if not only_sizes:
        conditions = [CONDITIONS[name] for name in names or CONDITIONS]
        try:
            report |= _watch(conditions, rounds, with_peers, seed)
        except BenchFailed as failure:
            click.echo(f"bench: {failure}", err=True)
            sys.exit(1)
        lines += time_lines(report["contestants"][OURS.name], report["conditions"])
    _show(report, lines, sizes, docs)
    if json_file is not None:
        report["limits"] = [{**asdict(line), "holds": line.holds} for line in lines]
        json_file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _watch(
    conditions: Sequence[Condition], rounds: int, with_peers: bool, seed: int
) -> dict[str, Any]:
    """Start everything, make all visits, end everything; return that part of the report."""
    executable = chromium.find()
    if executable is None:
        raise BenchFailed(f"no Chromium; {chromium.REMEDY}")
    contestants = [BASELINE, FLOOR, OURS, *(peers() if with_peers else [])]
    started = datetime.now(UTC)
    total = count_visits(len(contestants), len(conditions), rounds)
    click.echo("starting the service, with a fresh database ...", err=True)
    with (
        tempfile.TemporaryDirectory(prefix="consent-bench-") as folder,
        standing(contestants, Path(folder)) as web,
        sync_playwright() as playwright,
        tqdm(total=total, unit="visit", disable=None) as bar,
    ):
        visitor = Visitor(playwright, executable, web)

        def advance(what: str) -> None:
            bar.set_description(what)
            bar.update()

        samples = measure(visitor, contestants, conditions, rounds, seed, advance)
        browser = visitor.browser_version
    return {
        "started_at": started.isoformat(timespec="seconds"),
        "conditions": [condition.name for condition in conditions],
        "rounds": rounds,
        "browser": browser,
        "python": platform.python_version(),
        "playwright": version("playwright"),
        "load_average": {"rounds": samples.loads, "cores": os.cpu_count()},
        "contestants": figures(samples, contestants, conditions),
    }


def _show(report: dict[str, Any], lines: Sequence[Line], sizes: Sequence[Size], docs: bool) -> None:
    sections = list(tables(report, lines, sizes))
    for title, rows in sections:
        click.echo(f"\n{title}")
        for line in as_text(rows):
            click.echo(line)
    closing = _closing(report)
    click.echo(f"\n{closing}")
    if docs:
        write_page(sections, closing)


def _closing(report: dict[str, Any]) -> str:
    """Say under which circumstances the figures came about."""
    if "load_average" not in report:
        return "Bytes alone: nothing was timed."
    loads = report["load_average"]["rounds"]
    return (
        f"{report['started_at'][:10]}, Chromium {report['browser']}, {report['rounds']} rounds, "
        f"{report['load_average']['cores']} cores. Load average during the rounds: "
        f"{min(loads)} to {max(loads)}; above 1 the times are too long."
    )


if __name__ == "__main__":
    main()
