"""The bench runs and reaches every route. How fast they are is no question for a test."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench.contestants import ROUTES
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


def test_the_databases_are_measured_with_the_durability_that_they_serve_with(run):
    _, report, _ = run

    assert report["databases"]["sqlite"]["synchronous"] in ("2", "3")
    assert report["databases"]["postgresql"]["fsync"] == "on"
    assert report["databases"]["postgresql"]["synchronous_commit"] == "on"


def test_the_table_names_every_route_with_its_target(run):
    table, _, _ = run

    for route in ROUTES:
        lines = [line for line in table.splitlines() if line.startswith(route.label)]
        assert len(lines) == 2
        assert all(f"≤ {route.target}" in line for line in lines if route.target)


def test_nothing_is_left_behind(run):
    _, _, folder = run

    assert [path.name for path in folder.iterdir()] == ["report.json"]


def test_cpu_time_includes_the_time_of_children_that_have_ended():
    before = cpu_seconds(os.getpid())
    burn = "import time; end = time.process_time() + 0.2\nwhile time.process_time() < end: pass"

    subprocess.run([sys.executable, "-c", burn], check=True)

    assert cpu_seconds(os.getpid()) - before >= 0.19
