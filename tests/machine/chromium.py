"""A Chromium that Playwright drives without a window."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from consent_server.audit.chromium import FLAGS
from consent_server.audit.chromium import find as find_by_name
from tests.machine.install import apt_install, can_use_apt, say, succeeds
from tests.machine.tool import Tool, ToolMissing

REMEDY = (
    "run: apt-get install chromium-headless-shell (as root), or set CHROMIUM to a browser's path"
)
#: The same engine without a browser's own windows: a visitor is there three times as fast.
SHELLS = ["chromium-headless-shell", "chrome-headless-shell"]
START_SECONDS = 120


def flags() -> list[str]:
    """Return the command line of every start. Chromium's sandbox refuses root, and only root."""
    return [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS


def find() -> Path | None:
    """Look at CHROMIUM, on PATH, and where Playwright's own installer puts it."""
    if path := _shell() or find_by_name():
        return path
    own = _of_playwright()
    return own if own.exists() else None


def find_whole() -> Path | None:
    """Look for the browser that people use, which keeps pages for Back; the shell keeps none."""
    return find_by_name() or find()


def ensure() -> Tool:
    """Find Chromium or install it (apt when root, else Playwright's installer), and start it once.

    :raises ToolMissing: not there, no installer could bring it, or it does not start
    """
    path, origin = find(), "found"
    is_whole = find_by_name() is not None and find_by_name() != _shell()
    is_there = path is not None and ("CHROMIUM" in os.environ or (is_whole and _shell() == path))
    if not is_there and can_use_apt() and apt_install("chromium", SHELLS[0]):
        path, origin = find(), "installed by apt"
    if path is None:
        say("playwright install chromium (150 MB)")
        install = [sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]
        succeeds(install)
        path, origin = find(), "installed by Playwright"
    if path is None:
        raise ToolMissing("Chromium", "not on PATH, and no installer worked", REMEDY)
    return Tool("Chromium", _version_after_a_start(path), path, origin)


def _shell() -> Path | None:
    if os.environ.get("CHROMIUM"):
        return None
    found = (shutil.which(name) for name in SHELLS)
    return next((Path(path) for path in found if path), None)


def _of_playwright() -> Path:
    code = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p: print(p.chromium.executable_path)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return Path(said.stdout.strip())


def _version_after_a_start(path: Path) -> str:
    """Start it once without a window, so that a missing library is told once, here."""
    with tempfile.TemporaryDirectory(prefix="consent-chromium-") as profile:
        command = [str(path), "--headless", *flags(), f"--user-data-dir={profile}"]
        command += ["--dump-dom", "data:text/html,<p>started</p>"]
        try:
            said = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as failure:
            raise ToolMissing("Chromium", f"{path} does not start: {failure}", REMEDY) from failure
    if "started" not in said.stdout:
        last = (said.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise ToolMissing("Chromium", f"{path} does not start: {last}", REMEDY)
    version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    number = re.search(r"\d+(\.\d+)+", version)
    return number.group() if number else "unknown"
