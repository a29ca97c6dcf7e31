"""A database with a log of many records, on either engine, as the service finds it."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from tqdm import tqdm

from bench.contestants import POSTGRESQL_SETTINGS, SITE_DOCUMENT, environment_of
from bench.log.filling import ascending, fill
from bench.log.measuring import NOW
from bench.processes import BenchFailed, cpu_seconds
from consent_server import roles, rowscope
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.schema import ensure_schema
from consent_server.sealing.service import seal
from consent_server.sites.document import load_document
from consent_server.sites.publishing import publish
from tests.machine import cluster, postgresql
from tests.machine.cluster import Cluster

SITE = "demo"
SERVICE = "bench_service"
#: Records that wait when a log is sealed; more than a batch of the sequencer.
AT_ONCE = 10_000
#: Records before the database is told to look at its tables, as PostgreSQL does within a minute:
#: the plan of a foreign key, made when a table was empty, reads a whole site until then.
FIRST = 200


@dataclass(frozen=True)
class Log:
    """A filled database, and what it took to seal it."""

    records: int
    url: str
    #: The data directory.
    folder: Path
    #: The cluster of PostgreSQL.
    private: Cluster | None
    #: Leaves sealed in a second of CPU time, the server's with it: the first and the last of them.
    first_per_second: float
    last_per_second: float
    #: Seconds by the clock in which records were written, and in which they were sealed.
    writing_seconds: float
    sealing_seconds: float

    @property
    def environment(self) -> dict[str, str]:
        """What a command of the service finds it by."""
        return {**environment_of(self.url, self.folder), "CONSENT_RESERVE_MIB": "0"}

    @property
    def database_pid(self) -> int | None:
        """The process of its server, if it has one."""
        return self.private.process.pid if self.private is not None else None


def filled(
    engine: str, records: int, folder: Path, stack: ExitStack, *, in_order: bool = False
) -> Log:
    """Fill a new database with that many sealed records of as many visitors.

    :param in_order: whether their ids ascend, so that this takes less time and room
    :param folder: for the data directory, and for the file of SQLite
    :param stack: ends the server of PostgreSQL
    :raises BenchFailed: there is no PostgreSQL
    """
    data = folder / f"{engine}-{records}"
    data.mkdir()
    private = None
    if engine == "postgresql":
        tool = postgresql.find()
        if tool is None:
            raise BenchFailed(f"no PostgreSQL server; {postgresql.REMEDY}")
        private = cluster.start(tool, POSTGRESQL_SETTINGS)
        stack.callback(private.stop)
    url = private.url() if private is not None else f"sqlite:///{data / 'consent.sqlite3'}"
    with opened(url, data) as app:
        rates, writing, sealing = _fill(app, records, private, in_order)
    if private is not None:
        url = _for_the_service(private)
    return Log(records, url, data, private, rates[0], rates[-1], writing, sealing)


@contextmanager
def opened(url: str, data: Path) -> Iterator[Flask]:
    """Open a database in this process."""
    app = create_app(load_settings(environment_of(url, data)))
    ensure_schema(app)
    with app.app_context(), rowscope.every_site():
        yield app
        db.session.remove()
        db.engine.dispose()


def _fill(
    app: Flask, records: int, private: Cluster | None, in_order: bool
) -> tuple[list[float], float, float]:
    """Return the rates of sealing, in the order of the log, and seconds of writing and sealing."""
    notary = app.extensions["consent_notary"]
    document = load_document(SITE_DOCUMENT.read_text(encoding="utf-8"))
    publication = publish(document, artifacts(), NOW)
    fill(publication, FIRST, NOW - timedelta(seconds=FIRST))
    seal(SITE, notary, NOW)
    if private is not None:
        _analyze(private)
    rates, writing, sealing = [], 0.0, 0.0
    with tqdm(total=records, unit=" records", file=sys.stderr, mininterval=5) as progress:
        progress.update(FIRST)
        while progress.n < records:
            count = min(AT_ONCE, records - progress.n)
            begin = time.perf_counter()
            now = NOW + timedelta(milliseconds=progress.n)
            if in_order:
                fill(publication, count, now, begin_id=partial(_after, progress.n))
            else:
                fill(publication, count, now)
            between, spent = time.perf_counter(), _spent(private)
            sealed = seal(SITE, notary, now).count
            writing += between - begin
            sealing += time.perf_counter() - between
            rates.append(sealed / max(_spent(private) - spent, 1e-6))
            progress.update(count)
    tenth = max(1, len(rates) // 10)
    return [_mean(rates[:tenth]), _mean(rates[-tenth:])], writing, sealing


def _after(there: int, number: int) -> str:
    return ascending(there + number)


def _mean(rates: list[float]) -> float:
    """Return the rate of equally many leaves at each of these rates."""
    return len(rates) / sum(1 / rate for rate in rates)


def _spent(private: Cluster | None) -> float:
    served = cpu_seconds(private.process.pid) if private is not None else 0.0
    return time.process_time() + served


def _analyze(private: Cluster) -> None:
    address = private.url().replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("ANALYZE")


def _for_the_service(private: Cluster) -> str:
    """Give the service its role, as an installation does; return the address for that role."""
    url = private.url()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for statement in [*roles.creation(SERVICE), *roles.grants(SERVICE)]:
            connection.execute(statement)
    return url.replace("consent@", f"{SERVICE}@")


def sizes(log: Log) -> dict[str, Any]:
    """Return the bytes of the database, as it lies there, and of what is beside it."""
    if log.private is None:
        found = {path.name: path.stat().st_size for path in log.folder.glob("consent.sqlite3*")}
        database = sum(found.values())
    else:
        address = log.private.url().replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        database = int(row[0]) if row else 0
    files = (path for path in log.folder.rglob("*") if path.is_file())
    beside = sum(
        path.stat().st_size for path in files if not path.name.startswith("consent.sqlite3")
    )
    return {"database": database, "beside": beside}
