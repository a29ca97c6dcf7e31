"""systemd's own reader of units; no systemd has to run."""

import re
import shutil
import subprocess
from pathlib import Path

from tests.machine.install import apt_install, can_use_apt
from tests.machine.tool import Tool, ToolMissing

REMEDY = "run: apt-get install systemd (as root); nothing is started by it"


def find() -> Tool | None:
    """Look for systemd-analyze on PATH."""
    path = shutil.which("systemd-analyze")
    if path is None:
        return None
    said = subprocess.run([path, "--version"], capture_output=True, text=True)
    number = re.search(r"systemd (\d+)", said.stdout)
    return Tool("systemd", number[1], Path(path)) if number else None


def ensure() -> Tool:
    """Find systemd-analyze, or install the package that has it.

    :raises ToolMissing: not there, and the package manager could not bring it
    """
    tool = find()
    if tool is None and can_use_apt() and apt_install("systemd"):
        tool = find()
        if tool is not None:
            return Tool(tool.name, tool.version, tool.path, "installed")
    if tool is None:
        raise ToolMissing("systemd", "systemd-analyze is not on PATH", REMEDY)
    return tool
