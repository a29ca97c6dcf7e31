"""A Firefox that Playwright drives without a window, over WebDriver BiDi."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.machine.install import apt_install, can_use_apt
from tests.machine.tool import Tool, ToolMissing

NAMES = ["firefox-esr", "firefox"]
REMEDY = "run: apt-get install firefox-esr (as root), or set FIREFOX to the browser's path"
#: Playwright's name for a stock Firefox; without it, it wants its own patched build.
CHANNEL = "moz-firefox"
START_SECONDS = 120


def find() -> Path | None:
    """Look at FIREFOX and on PATH."""
    if "FIREFOX" in os.environ:
        return Path(os.environ["FIREFOX"])
    found = (shutil.which(name) for name in NAMES)
    return next((Path(path) for path in found if path), None)


def ensure() -> Tool:
    """Find Firefox or install it with apt when root, and start it once.

    :raises ToolMissing: not there, apt could not bring it, or it does not start
    """
    path, origin = find(), "found"
    if path is None and can_use_apt() and apt_install("firefox-esr"):
        path, origin = find(), "installed by apt"
    if path is None:
        raise ToolMissing("Firefox", "not on PATH, and no installer worked", REMEDY)
    return Tool("Firefox", _version_after_a_start(path), path, origin)


def _version_after_a_start(path: Path) -> str:
    """Let it paint a page without a window, so that a missing library is told once, here."""
    with tempfile.TemporaryDirectory(prefix="consent-firefox-") as profile:
        picture = Path(profile) / "started.png"
        command = [str(path), "--headless", "--no-remote", "--profile", profile]
        command += ["--screenshot", str(picture), "data:text/html,<p>started</p>"]
        try:
            said = subprocess.run(command, capture_output=True, text=True, timeout=START_SECONDS)
        except (OSError, subprocess.TimeoutExpired) as failure:
            raise ToolMissing("Firefox", f"{path} does not start: {failure}", REMEDY) from failure
        if not picture.exists():
            last = (said.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise ToolMissing("Firefox", f"{path} does not start: {last}", REMEDY)
    version = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
    number = re.search(r"\d+(\.\d+)+", version)
    return number.group() if number else "unknown"
