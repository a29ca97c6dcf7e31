"""The command as an operator runs it: a process of its own, with a browser of its own."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.machine import chromium
from tests.shop import (  # noqa: F401 (fixtures of this folder alone: others have a site of their own)
    a_site,
    running_service,
    service,
    site,
    web,
    whole_web,
)

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
#: Seconds on a machine that does other things as well.
PATIENCE = 300


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser: everything here."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("browser")


class Audit(NamedTuple):
    """What an audit said."""

    code: int
    said: str
    #: On standard error: progress, and why it could not run.
    progress: str

    @property
    def json(self) -> dict[str, Any]:
        """Return what was printed for a script."""
        return dict(json.loads(self.said))

    def of(self, code: str) -> dict[str, dict[str, Any]]:
        """Return the findings and notes of one kind, by what they are about."""
        both = [*self.json["findings"], *self.json["notes"]]
        return {one["subject"]: one for one in both if one["code"] == code}

    def codes(self) -> set[str]:
        """Return the kinds of the findings."""
        return {finding["code"] for finding in self.json["findings"]}


@pytest.fixture(scope="session")
def run_audit(tmp_path_factory) -> Callable[..., Audit]:
    """Run the command with these words."""
    folder = tmp_path_factory.mktemp("audit")

    def run(*words: object, environ: dict[str, str] | None = None) -> Audit:
        path = chromium.find()
        if path is None:
            pytest.fail(f"no Chromium on this machine; {chromium.REMEDY}", pytrace=False)
        surroundings = {
            **{name: value for name, value in os.environ.items() if "CONSENT" not in name},
            "CONSENT_DATA_DIR": str(folder / "data"),
            "CHROMIUM": str(path),
            **(environ or {}),
        }
        done = subprocess.run(
            [sys.executable, "-m", "consent_server", "audit", *map(str, words)],
            cwd=ROOT,
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Audit(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable[..., Any]:
    """Do something once for all workers, since it takes long; give its result, a JSON value."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def once(name: str, make: Callable[[], Any]) -> Any:
        result = folder / f"{name}.json"
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not result.exists():
                result.write_text(json.dumps(make()), encoding="utf-8")
        return json.loads(result.read_text(encoding="utf-8"))

    return once
