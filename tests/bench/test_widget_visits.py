"""The widget's bench runs, and what no busy machine can change holds: requests, layout shift."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine import chromium

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    if chromium.find() is None:
        pytest.fail(f"no Chromium on this machine; {chromium.REMEDY}", pytrace=False)
    folder = tmp_path_factory.mktemp("bench")
    file = folder / "report.json"
    command = [sys.executable, "-m", "bench.widget", "--rounds", "1", "--condition", "none"]
    temporary = folder / "temporary"
    temporary.mkdir()

    done = subprocess.run(
        [*command, "--json", str(file)],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert done.returncode == 0, done.stderr
    return done.stdout, json.loads(file.read_text()), temporary


def test_nothing_is_fetched_but_the_one_script_until_a_choice(run):
    _, report, _ = run
    asked = report["contestants"]["ours"]["requests"]

    assert [address.rpartition("/")[2] for address in asked["addresses"]] == ["bench.js"]
    assert asked["count"] == 1


def test_the_banner_shifts_nothing(run):
    _, report, _ = run

    assert report["contestants"]["ours"]["none"]["cls"]["high"] == 0


def test_every_measure_is_taken_of_each_banner_and_of_the_bare_page(run):
    _, report, _ = run
    found = report["contestants"]

    for name in ("floor", "ours"):
        assert None not in found[name]["none"].values()
    assert found["baseline"]["none"]["rest"] is None
    assert found["baseline"]["weight"]["heap_kb_over_baseline"]["median"] == 0


def test_the_table_says_of_every_limit_whether_it_holds(run):
    said, report, _ = run

    for line in report["limits"]:
        shown = next(row for row in said.splitlines() if row.startswith(line["label"]))
        assert shown.endswith("holds" if line["holds"] else "MISSED")


def test_nothing_is_left_behind(run):
    _, _, temporary = run

    assert list(temporary.iterdir()) == []
