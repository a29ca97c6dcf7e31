"""``python -m bench.million``: a large log beside a small one, on each database."""

import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from bench.client import client
from bench.million import commands
from bench.million.commands import FORMS
from bench.million.filling import Log, filled, sizes
from bench.million.requests import costs, proofs
from bench.million.streaming import streamed
from bench.million.table import as_markdown
from bench.processes import ROOT, BenchFailed
from bench.rounds import Plan
from consent_server.web.logs import configure

PAGE = ROOT / "docs" / "scale.md"
ENGINES = ("sqlite", "postgresql")


class Commands(NamedTuple):
    """How what reads a whole log is measured."""

    #: Of the exports.
    forms: tuple[str, ...]
    #: For which the writers are looked at before an export.
    seconds: float


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--records",
    type=click.IntRange(1_000, 10_000_000),
    default=1_000_000,
    show_default=True,
    help="Records of the large log.",
)
@click.option(
    "--small",
    type=click.IntRange(300, 1_000_000),
    default=10_000,
    show_default=True,
    help="Records of the small one.",
)
@click.option("--engine", "engines", type=click.Choice(ENGINES), multiple=True, default=ENGINES)
@click.option(
    "--format",
    "forms",
    type=click.Choice(FORMS),
    multiple=True,
    default=("csv", "jsonl"),
    show_default=True,
    help="Of the exports; JSON-LD takes 10 GB for a million records.",
)
@click.option("--rounds", type=click.IntRange(1, 100), default=9, show_default=True)
@click.option(
    "--requests",
    type=click.IntRange(2, 5000),
    default=300,
    show_default=True,
    help="Requests of each route in each round.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1),
    default=20.0,
    show_default=True,
    help="How long the writers are looked at before an export.",
)
@click.option(
    "--requests-alone",
    is_flag=True,
    help="Measure decisions, checks and proofs, and no command: those read the whole log. Ids are "
    "written in their order, so sizes and the rate of sealing are better than those of a service.",
)
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--docs", is_flag=True, help="Write the tables into docs/scale.md.")
def main(
    records: int,
    small: int,
    engines: tuple[str, ...],
    forms: tuple[str, ...],
    rounds: int,
    requests: int,
    seconds: float,
    requests_alone: bool,
    json_file: Path | None,
    docs: bool,
) -> None:
    """Fill logs with records, and measure what grows with them; see docs/scale.md.

    A million records take 2 GB of the temporary folder (TMPDIR) on each engine, and twice as much
    while an export lies there.
    """
    if docs and requests_alone:
        raise click.UsageError("--docs writes whole tables, and --requests-alone gives none")
    configure("warning")
    plan, found = Plan(rounds, requests, 2, 600), {}
    whole = None if requests_alone else Commands(forms, seconds)
    try:
        for engine in engines:
            found[engine] = _engine(engine, (small, records), plan, whole)
            text = "\n".join(as_markdown(engine, found[engine]))
            click.echo(text)
            if docs:
                _write(engine, text)
    except BenchFailed as failure:
        click.echo(f"bench: {failure}", err=True)
        sys.exit(1)
    if json_file is not None:
        json_file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _write(engine: str, text: str) -> None:
    begin, end = (f"<!-- millions, {engine}: {mark} -->" for mark in ("begin", "end"))
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
    after = rest.partition(end)[2]
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def _engine(
    engine: str, counts: tuple[int, ...], plan: Plan, whole: Commands | None
) -> dict[str, Any]:
    """Return the figures of a log of each size on one engine; nothing is left of them."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="consent-bench-")))
        logs = []
        for count in counts:
            click.echo(f"{engine}: writing and sealing {count:,} records ...", err=True)
            logs.append(filled(engine, count, folder, stack, in_order=whole is None))
        return measured(engine, logs, plan, whole)


def measured(
    engine: str, logs: Sequence[Log], plan: Plan, whole: Commands | None
) -> dict[str, Any]:
    """Return the figures of some logs on one engine, JSON-ready.

    :param whole: what reads whole logs, if that is measured too
    """
    load = [os.getloadavg()[0]]
    found = [{**_of_log(log), "proofs": proofs(log)} for log in logs]
    if whole is not None:
        for log, figures in zip(logs, found, strict=True):
            figures["commands"] = _of_commands(log, whole.forms)
    click.echo(f"{engine}: decisions and checks ...", err=True)
    with ExitStack() as stack:
        sender = stack.enter_context(client())
        contestants, routes = costs(logs, sender, plan, stack)
        for log, one, figures in zip(logs, contestants, found, strict=True):
            figures["routes"] = routes[one.database]["routes"]
            if whole is not None:
                click.echo(f"{engine}: an export of {log.records:,} records ...", err=True)
                figures["streamed"] = streamed(log, one, 20, whole.seconds)
    return {
        "version": contestants[0].facts["version"],
        "at": datetime.now(UTC).isoformat("T", "seconds"),
        "load": [*load, os.getloadavg()[0]],
        "cores": os.cpu_count(),
        "logs": found,
    }


def _of_log(log: Log) -> dict[str, Any]:
    sealing = "first_per_second", "last_per_second", "writing_seconds", "sealing_seconds"
    return {
        "records": log.records,
        "sizes": sizes(log),
        "sealing": {name: getattr(log, name) for name in sealing},
    }


def _of_commands(log: Log, forms: tuple[str, ...]) -> dict[str, Any]:
    figures = {}
    for name, taken in commands.measured(log, forms):
        click.echo(f"{log.records:,} records: {name} ... {taken['seconds']:.1f} s", err=True)
        figures[name] = taken
    return figures


if __name__ == "__main__":
    main()
