"""A Chromium that Playwright drives without a window."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.machine.install import apt_install, can_use_apt, say, succeeds
from tests.machine.tool import Tool, ToolMissing

NAMES = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chromium-headless-shell",
    "chrome-headless-shell",
]
REMEDY = "run: apt-get install chromium (as root), or set CHROMIUM to the browser's path"
#: Quiet, and the same on every machine: no call home, no update, no question at the first start.
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
]
START_SECONDS = 120


def flags() -> list[str]:
    """Return the command line of every start. Chromium's sandbox refuses root, and only root."""
    return [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS


def find() -> Path | None:
    """Look at CHROMIUM, on PATH, and where Playwright's own installer puts it."""
    if "CHROMIUM" in os.environ:
        return Path(os.environ["CHROMIUM"])
    for name in NAMES:
        if path := shutil.which(name):
            return Path(path)
    own = _of_playwright()
    return own if own.exists() else None


def ensure() -> Tool:
    """Find Chromium or install it (apt when root, else Playwright's installer), and start it once.

    :raises ToolMissing: not there, no installer could bring it, or it does not start
    """
    path, origin = find(), "found"
    if path is None and can_use_apt() and apt_install("chromium"):
        path, origin = find(), "installed by apt"
    if path is None:
        say("playwright install chromium (150 MB)")
        install = [sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]
        succeeds(install)
        path, origin = find(), "installed by Playwright"
    if path is None:
        raise ToolMissing("Chromium", "not on PATH, and no installer worked", REMEDY)
    return Tool("Chromium", _version_after_a_start(path), path, origin)


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
