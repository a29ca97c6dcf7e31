"""Where no wheel brings a current SQLite, Python's own does it, with the journal that it needs."""

import os
import platform
import sqlite3
import subprocess
import sys

from consent_server.db import is_wal_safe, sqlite_pragmas
from consent_server.sqlite import sqlite3 as used
from tests.server import ROOT

#: Tests that look at how SQLite keeps what it was given.
KEEPING = (
    "tests/consents/test_shared_commits.py",
    "tests/consents/test_shared_faults.py",
    "tests/consents/test_kept_connection.py",
    "tests/consents/test_file_taken_away.py",
    "tests/consents/test_append_only.py",
    "tests/erasing/test_traces.py",
    "tests/test_python_sqlite.py::test_the_journal_follows_the_library",
)


def test_the_journal_follows_the_library(tmp_path):
    wanted = sqlite_pragmas(used.sqlite_version_info)["journal_mode"]

    assert wanted == ("wal" if is_wal_safe(used.sqlite_version_info) else "truncate")
    has_wheel = (sys.platform, platform.machine()) == ("linux", "x86_64")
    is_own = not has_wheel or bool(os.environ.get("SQLITE_OF_PYTHON"))
    assert (used is sqlite3) is is_own


def test_what_is_kept_is_kept_with_the_sqlite_of_python_too():
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider"]
    environ = {**os.environ, "SQLITE_OF_PYTHON": "1"}

    run = subprocess.run(
        [*command, "-k", "not postgresql", *KEEPING],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stdout[-5000:]
