"""What every test may use: databases (tests/databases.py), browsers (tests/browsers.py)."""

import os
import sys

import hypothesis
import pytest

from tests.machine import (
    caddy,
    chromium,
    firefox,
    nginx,
    pgbouncer,
    postgresql,
    promtool,
    strace,
    systemd,
    webkit,
)

# As on a machine without a wheel (tests/test_python_sqlite.py); before any import of ours.
if os.environ.get("SQLITE_OF_PYTHON"):
    sys.modules["pysqlite3"] = None  # type: ignore[assignment]

pytest_plugins = [
    "tests.databases",
    "tests.tworoles",
    "tests.application",
    "tests.browsers",
    "tests.scheduling",
    "tests.telling",
]

NEEDED = {
    "PostgreSQL": postgresql,
    "PgBouncer": pgbouncer,
    "Chromium": chromium,
    "nginx": nginx,
    "Caddy": caddy,
    "promtool": promtool,
    "strace": strace,
    "systemd": systemd,
    "Firefox": firefox,
    "WebKitGTK": webkit,
}

# "ci" finds the same examples on every run; HYPOTHESIS_PROFILE=explore looks for new ones.
hypothesis.settings.register_profile("ci", derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end, once, what this machine lacks: the failures before it have one cause."""
    lacking = [
        f"{name}: {module.REMEDY}" for name, module in NEEDED.items() if module.find() is None
    ]
    if lacking:
        terminalreporter.section("missing on this machine", red=True)
        for line in lacking:
            terminalreporter.line(line)
