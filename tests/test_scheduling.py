"""A test that waits for ever, or takes its process with it, fails alone: the run ends."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TESTS = """
import os, time
import pytest

@pytest.mark.parametrize("number", range(4))
def test_first(number): pass

def test_of_a_wait(): time.sleep(1000)

def test_of_a_death(): os._exit(3)

@pytest.mark.parametrize("number", range(4))
def test_last(number): pass
"""
CONFIG = """
[pytest]
timeout = 2
faulthandler_timeout = {hard}
faulthandler_exit_on_timeout = true
"""


def run(folder: Path, hard: int) -> str:
    """Run the tests above in two processes; gives what the run printed."""
    (folder / "pytest.ini").write_text(CONFIG.format(hard=hard))
    (folder / "test_it.py").write_text(TESTS)
    words = ["-n", "2", "-p", "tests.scheduling", "-p", "tests.telling", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *words, str(folder)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


def test_a_run_survives_a_test_that_waits_and_one_that_kills(tmp_path: Path) -> None:
    told = run(tmp_path, hard=60)
    assert "2 failed, 8 passed" in told
    assert "Timeout (>2.0s) from pytest-timeout" in told
    # Told when it happened, and once more at the end.
    assert told.index("call: test_it.py::test_of_a_wait") < told.index("= FAILURES =")


def test_a_run_survives_a_wait_that_no_signal_ends(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(
        "import signal\nsignal.signal = signal.setitimer = lambda *_: None\n"
    )
    told = run(tmp_path, hard=3)
    assert "2 failed, 8 passed" in told


def test_no_long_run_is_ended_before_its_tests_may_fail() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = [line for line in makefile.splitlines() if re.search(r"(--timeout|_TIMEOUT)=", line)]

    for line in lines:
        fails, dies = (int(seconds) for seconds in re.findall(r"[tT](?:imeout|IMEOUT)=(\d+)", line))
        assert fails < dies, line
    assert len(lines) == 2
