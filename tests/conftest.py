"""What every test may use: databases (tests/databases.py), browsers (tests/browsers.py)."""

import os

import hypothesis
import pytest

from tests.machine import chromium, firefox, nginx, postgresql, webkit

pytest_plugins = ["tests.databases", "tests.application", "tests.browsers"]

NEEDED = {
    "PostgreSQL": postgresql,
    "Chromium": chromium,
    "nginx": nginx,
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
