"""The bench runs and reaches every route. How fast they are is no question for a test."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bench.client import Job
from bench.contestants import ROUTES
from bench.crowd import crowd
from bench.processes import cpu_seconds

ROOT = Path(__file__).parents[2]
#: Route → status of every answer.
ANSWERS = {"bare": "200", "check": "200", "record": "201", "script": "200", "unchanged": "304"}


@pytest.fixture(scope="module")
def run():
    # Not pytest's own folder: PostgreSQL runs as another user when this one is root.
    folder = Path(tempfile.mkdtemp(prefix="consent-test-"))
    folder.chmod(0o711)
    command = [sys.executable, "-m", "bench", "--quick", "--json", str(folder / "report.json")]
    environment = {**os.environ, "TMPDIR": str(folder)}

    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=180
    )

    assert done.returncode == 0, done.stderr
    yield done.stdout, json.loads((folder / "report.json").read_text()), folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_every_route_is_answered_as_it_should_be_in_every_round(run, database):
    _, report, _ = run
    requests = report["plan"]["rounds"] * report["plan"]["requests"]

    routes = report["databases"][database]["routes"]

    assert {name: route["answers"] for name, route in routes.items()} == {
        name: {status: requests} for name, status in ANSWERS.items()
    }


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_whoever_comes_in_a_crowd_is_answered_as_everybody_is(run, database):
    _, report, _ = run

    crowd = report["databases"][database]["crowd"]

    assert {name: route["answers"] for name, route in crowd.items()} == {
        name: {status: 128} for name, status in ANSWERS.items()
    }
    assert all(route["connections"] == 64 for route in crowd.values())


class Refusing(BaseHTTPRequestHandler):
    """Answers every other request, and ends the connection of the others."""

    protocol_version = "HTTP/1.1"
    count = 0

    def do_GET(self):
        type(self).count += 1
        if self.count % 2:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")
        else:
            self.close_connection = True

    def log_message(self, *_):
        pass


def test_a_connection_that_ends_is_counted_as_lost():
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        seen = crowd(Job(server.server_port, "/", 200), 4, connections=1)
        server.shutdown()
        thread.join()

    assert seen.answers == {"200": 1, "lost": 1}
    assert len(seen.milliseconds) == 1


def test_the_databases_are_measured_with_the_durability_that_they_serve_with(run):
    _, report, _ = run

    assert report["databases"]["sqlite"]["synchronous"] in ("2", "3")
    assert report["databases"]["postgresql"]["fsync"] == "on"
    assert report["databases"]["postgresql"]["synchronous_commit"] == "on"


def test_the_table_names_every_route_with_its_target(run):
    table, _, _ = run

    for route in ROUTES:
        lines = [line for line in table.splitlines() if line.startswith(route.label)]
        assert len(lines) == 4  # on each database: in turn, and in a crowd
        assert sum(f"≤ {route.target}" in line for line in lines) >= 2 or not route.target


def test_nothing_is_left_behind(run):
    _, _, folder = run

    assert [path.name for path in folder.iterdir()] == ["report.json"]


def test_cpu_time_includes_the_time_of_children_that_have_ended():
    before = cpu_seconds(os.getpid())
    burn = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"

    subprocess.run([sys.executable, "-c", burn], check=True)

    assert cpu_seconds(os.getpid()) - before >= 0.19
