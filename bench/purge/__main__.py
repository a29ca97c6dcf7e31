"""``python -m bench.purge``: how fast records go when their time is over, and who notices."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from bench.client import Job, client
from bench.contestants import POSTGRESQL_SETTINGS, decision_of, environment_of
from bench.processes import ROOT, BenchFailed, cpu_seconds, start
from bench.purge.filling import filled, for_the_service
from bench.purge.writers import writing
from tests.machine import cluster, postgresql

PAGE = ROOT / "docs" / "scale.md"
ENGINES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
BEGIN, END = "<!-- purged, {}: begin -->", "<!-- purged, {}: end -->"


@dataclass(frozen=True)
class Figures:
    """What a purge took, and what the writers saw before it and meanwhile."""

    #: Keys of requests of today, which are not purged.
    keys: int
    records: int
    seconds: float
    #: Microseconds of CPU time a record, of the command and of the database, if that is another.
    cpu_us: float
    database_us: float | None
    #: Milliseconds, p50 and p99.
    before: tuple[float, float]
    meanwhile: tuple[float, float]

    @property
    def rate(self) -> float:
        """Records in a second."""
        return self.records / self.seconds


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--records",
    type=click.IntRange(1),
    default=100_000,
    show_default=True,
    help="Records whose time is over.",
)
@click.option(
    "--keys",
    type=click.IntRange(0),
    default=200_000,
    show_default=True,
    help="Idempotency keys of today beside them.",
)
@click.option(
    "--per-second",
    type=click.FloatRange(0.1),
    default=40.0,
    show_default=True,
    help="Decisions that are sent all the time.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1),
    default=20.0,
    show_default=True,
    help="How long the writers are looked at before the purge.",
)
@click.option("--engine", type=click.Choice(list(ENGINES)), default="postgresql", show_default=True)
@click.option("--docs", is_flag=True, help="Write the table into docs/scale.md.")
def main(
    records: int, keys: int, per_second: float, seconds: float, engine: str, docs: bool
) -> None:
    """Purge records of a database while decisions come in; see docs/scale.md."""
    try:
        with _database(engine) as (url, folder, server):
            click.echo(f"writing and sealing {records:,} records ...", err=True)
            filled(url, folder, records, keys)
            if server is not None:
                url = for_the_service(server)
            pid = None if server is None else server.process.pid
            found = measured(environment_of(url, folder), pid, keys, per_second, seconds)
    except BenchFailed as failure:
        click.echo(f"bench: {failure}", err=True)
        sys.exit(1)
    text = _table(found, per_second, ENGINES[engine])
    click.echo(text)
    if docs:
        begin, end = BEGIN.format(engine), END.format(engine)
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(begin)
        after = rest.partition(end)[2]
        PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


@contextmanager
def _database(engine: str) -> Iterator[tuple[str, Path, cluster.Cluster | None]]:
    """Make a throw-away database; gives its address, a data directory, and its server.

    :raises BenchFailed: there is no PostgreSQL
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="consent-bench-")))
        if engine == "sqlite":
            yield f"sqlite:///{folder / 'consent.sqlite3'}", folder, None
            return
        tool = postgresql.find()
        if tool is None:
            raise BenchFailed(f"no PostgreSQL server; {postgresql.REMEDY}")
        private = cluster.start(tool, POSTGRESQL_SETTINGS)
        stack.callback(private.stop)
        yield private.url(), folder, private


def measured(
    environment: dict[str, str],
    database: int | None,
    keys: int,
    per_second: float,
    seconds: float,
) -> Figures:
    """Purge a database that was filled, beside the service.

    :param database: the process of its server
    :raises BenchFailed: a server does not start or answer
    """
    folder = Path(environment["CONSENT_DATA_DIR"])
    with ExitStack() as stack:
        service = start(["consent_server", "serve"], "service", environment, folder)
        stack.callback(service.stop)
        service.wait_until_ready("/readyz")
        sender = stack.enter_context(client())
        published = json.loads(sender.run(Job(service.port, "/v1/sites/demo/bundle", 200)).body)
        with writing(decision_of(service, published), per_second) as writers:
            time.sleep(seconds / 4)  # until everything is warm
            writers.taken()
            time.sleep(seconds)
            before = writers.taken()
            taken = _purge(environment, database)
            meanwhile = writers.taken()
    return Figures(keys, *taken, _quantiles(before), _quantiles(meanwhile))


def _purge(
    environment: dict[str, str], database: int | None
) -> tuple[int, float, float, float | None]:
    """Return records, seconds, and µs of CPU time a record, of the command and of the database.

    The writers' share of the database's time is in it.
    """
    command = [sys.executable, "-m", "consent_server", "purge", "--json"]
    spent, started = cpu_seconds(database) if database else 0.0, time.monotonic()
    own = sum(os.times()[2:4])
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    seconds = time.monotonic() - started
    if done.returncode != 0:
        raise BenchFailed(f"purge failed:\n{done.stderr[-2000:]}")
    records = json.loads(done.stdout)["records"]
    each = 1e6 / max(records, 1)
    cpu = (sum(os.times()[2:4]) - own) * each
    return records, seconds, cpu, (cpu_seconds(database) - spent) * each if database else None


def _quantiles(waits: list[float]) -> tuple[float, float]:
    if len(waits) < 2:
        raise BenchFailed("too few decisions to tell how long one takes: ask for more a second")
    found = statistics.quantiles(waits, n=100)
    return found[49], found[98]


def _table(found: Figures, per_second: float, engine: str) -> str:
    database = "–" if found.database_us is None else f"{found.database_us:.0f}"
    changed = found.meanwhile[1] / found.before[1]
    return "\n".join(
        [
            "| purged | beside keys of today | s | records/s | a million, s | CPU µs a record: "
            "command, database | writers p50, p99 ms before | meanwhile | p99 ÷ before |",
            "|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
            f"| {found.records:,} | {found.keys:,} | {found.seconds:.1f} | {found.rate:,.0f} "
            f"| {1e6 / found.rate:.0f} | {found.cpu_us:.0f}, {database} "
            f"| {found.before[0]:.1f}, {found.before[1]:.1f} "
            f"| {found.meanwhile[0]:.1f}, {found.meanwhile[1]:.1f} | {changed:.2f} |",
            "",
            f"{engine}, {per_second:g} decisions a second over four connections all the while; "
            f"{datetime.now(UTC):%Y-%m-%d}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} "
            "cores.",
        ]
    )


if __name__ == "__main__":
    main()
