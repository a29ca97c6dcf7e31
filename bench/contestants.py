"""What is measured: the service on each database, and a bare Flask beside it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.client import Client, Job
from bench.processes import (
    ROOT,
    BenchFailed,
    Server,
    cpu_seconds,
    memory_of_each,
    start,
)
from consent_server.config import load_settings
from consent_server.db import sqlite_pragmas
from consent_server.settings import Settings
from consent_server.sqlite import sqlite3
from tests.machine import cluster, postgresql

SITE_DOCUMENT = ROOT / "examples" / "demo.yaml"
COMMAND_SECONDS = 60
#: Only what a throw-away server needs; everything that costs time stays as PostgreSQL ships it.
POSTGRESQL_SETTINGS = {"listen_addresses": "127.0.0.1", "timezone": "UTC"}


@dataclass(frozen=True)
class Route:
    """One of the routes that are measured; the first is the unit of all others."""

    name: str
    label: str
    #: CPU time that a later version should need, in units of the bare route.
    target: float | None = None


ROUTES = (
    Route("bare", "bare Flask route, constant JSON"),
    Route("check", "GET /v1/check, live token", 2.2),
    Route("record", "POST /v1/sites/demo/consents", 3.5),
    Route("script", "GET /s/demo.js, brotli", 1.1),
    Route("unchanged", "GET /s/demo.js, If-None-Match", 1.0),
)


@dataclass(frozen=True)
class Contestant:
    """The service on one database, and the bare route under the same gunicorn options."""

    database: str
    settings: Settings
    bare: Server
    service: Server
    #: Process of the database server; None where the database is a file.
    database_pid: int | None
    #: Version and durability, as the database says them.
    facts: dict[str, str]
    #: Route name → the request.
    jobs: dict[str, Job]

    def server(self, route: Route) -> Server:
        """Return the server that answers a route."""
        return self.bare if route.name == "bare" else self.service

    def database_seconds(self) -> float:
        """Return the CPU time of the database's own processes so far."""
        return cpu_seconds(self.database_pid) if self.database_pid else 0.0


def database_missing() -> str | None:
    """Say why PostgreSQL cannot be measured on this machine; None when it can."""
    return None if postgresql.find() else f"no PostgreSQL server; {postgresql.REMEDY}"


@contextmanager
def contestants(client: Client, folder: Path) -> Iterator[list[Contestant]]:
    """Start everything that can be measured on this machine, and end it afterwards."""
    with ExitStack() as stack:
        path = folder / "consent.sqlite3"
        found = [_stand("sqlite", f"sqlite:///{path}", client, folder, stack)]
        tool = postgresql.find()
        if tool is not None:
            try:
                private = cluster.start(tool, POSTGRESQL_SETTINGS)
            except RuntimeError as failure:
                raise BenchFailed(str(failure)) from failure
            stack.callback(private.stop)
            pid = private.process.pid
            found.append(_stand("postgresql", private.url(), client, folder, stack, pid))
        yield found


def _stand(
    database: str,
    url: str,
    client: Client,
    folder: Path,
    stack: ExitStack,
    database_pid: int | None = None,
) -> Contestant:
    """Publish the demonstration's site on a fresh database and start both servers."""
    folder = folder / database
    folder.mkdir()
    command(environment_of(url, folder), "site", "publish", str(SITE_DOCUMENT))
    return served(database, url, client, folder, stack, database_pid)


def served(
    database: str,
    url: str,
    client: Client,
    folder: Path,
    stack: ExitStack,
    database_pid: int | None = None,
) -> Contestant:
    """Start both servers on a database that has the demonstration's site.

    :param database: what it is called
    :param folder: the data directory
    :param stack: ends the servers
    :param database_pid: process of its server
    """
    environment = environment_of(url, folder)
    key = command(environment, "key", "create", "demo", "--scope", "check", "--json")
    service = start(["consent_server", "serve"], "service", environment, folder)
    stack.callback(service.stop)
    bare = start(["bench.bare"], "bare", environment, folder)
    stack.callback(bare.stop)
    service.wait_until_ready("/readyz")
    bare.wait_until_ready("/")
    resident, share = memory_of_each(service.process.pid)
    idle = f"{resident:.0f} MiB, its share {share:.0f}"
    return Contestant(
        database=database,
        settings=load_settings(environment),
        bare=bare,
        service=service,
        database_pid=database_pid,
        facts={**_facts(url), "an idle process": idle},
        jobs={"bare": Job(bare.port, "/", 200), **_jobs(service, client, json.loads(key)["key"])},
    )


def environment_of(url: str, data: Path) -> dict[str, str]:
    """Return the environment of a service with default settings, whatever this shell has set."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CONSENT_", "DATABASE_URL"))
    }
    return {**kept, "DATABASE_URL": url, "CONSENT_DATA_DIR": str(data)}


def command(environment: Mapping[str, str], *words: str) -> str:
    """Run a command of the service; return what it says.

    :raises BenchFailed: it ends with anything but 0
    """
    done = subprocess.run(
        [sys.executable, "-m", "consent_server", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS,
    )
    if done.returncode != 0:
        raise BenchFailed(f"{' '.join(words)} failed:\n{done.stderr[-2000:]}")
    return done.stdout


def _jobs(service: Server, client: Client, key: str) -> dict[str, Job]:
    """Make one decision and fetch the script once, so that each request is one of every day."""
    published = json.loads(client.run(Job(service.port, "/v1/sites/demo/bundle", 200)).body)
    record = decision_of(service, published)
    token = json.loads(client.run(record).body)["token"]
    optional = next(iter(record.body["categories"])) if record.body else ""
    check = Job(
        service.port,
        f"/v1/check?site=demo&category={optional}&token={token}",
        200,
        headers={"Authorization": f"Bearer {key}"},
    )
    if json.loads(client.run(check).body)["granted"] is not True:
        raise BenchFailed("the token of a fresh grant is not live")
    script = Job(service.port, "/s/demo.js", 200, headers={"Accept-Encoding": "br"})
    known = {"If-None-Match": client.run(script).headers["etag"], **script.headers}
    unchanged = Job(service.port, "/s/demo.js", 304, headers=known)
    return {"check": check, "record": record, "script": script, "unchanged": unchanged}


def decision_of(service: Server, published: dict[str, Any]) -> Job:
    """Return the widget's request for "accept all" by a visitor who never decided before."""
    return Job(
        service.port,
        "/v1/sites/demo/consents",
        201,
        method="POST",
        headers=page_headers(published),
        body=acceptance(published),
        fresh=("idempotency_key", "consent_id"),
    )


def page_headers(published: dict[str, Any]) -> dict[str, str]:
    """Return what a page of the site sends with a decision."""
    origin = published["bundle"]["policy"]["url"].rpartition("/")[0]
    return {"Content-Type": "text/plain;charset=UTF-8", "Origin": origin}


def acceptance(published: dict[str, Any]) -> dict[str, Any]:
    """Return the body of "accept all" without what is fresh each time: key and consent id.

    :param published: what the site's bundle is given out as
    """
    bundle = published["bundle"]
    optional = [c["id"] for c in bundle["categories"] if not c["required"]]
    return {
        "action": "accept_all",
        "method": "banner",
        "categories": dict.fromkeys(optional, True),
        "services": {},
        "n": 1,
        "bundle": published["hash"],
        "build": published["build"],
        "language": bundle["languages"]["default"],
        "gpc": False,
        "trusted": True,
    }


def _facts(url: str) -> dict[str, str]:
    if url.startswith("sqlite"):
        pragmas = sqlite_pragmas(sqlite3.sqlite_version_info)
        durable = {name: pragmas[name] for name in ("journal_mode", "synchronous")}
        return {"version": sqlite3.sqlite_version, **durable}
    names = ("server_version", "fsync", "synchronous_commit")
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        shown = [connection.execute(f"SHOW {name}").fetchone() for name in names]
    values = [str(row[0]).split()[0] for row in shown if row]
    return dict(zip(("version", *names[1:]), values, strict=True))
