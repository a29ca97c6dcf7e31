"""The bench of a purge runs, and what it says is of the records that were filled in."""

import re
import subprocess
import sys

import pytest

from tests.server import ROOT


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_a_purge_is_measured_beside_those_who_decide(engine):
    small = ["--records", "300", "--keys", "50", "--seconds", "2", "--per-second", "20"]
    small += ["--engine", engine]
    done = subprocess.run(
        [sys.executable, "-m", "bench.purge", *small],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
    )

    assert done.returncode == 0, done.stderr
    row = done.stdout.splitlines()[2].strip("| ").split(" | ")
    assert row[:2] == ["300", "50"]
    assert all(re.fullmatch(r"[\d.,]+(, [\d.,–]+)?", value) for value in row), row
