"""strace, which tells what a process asks of the operating system."""

import re
import shutil
import subprocess
from pathlib import Path

from tests.machine.install import apt_install, can_use_apt
from tests.machine.tool import Tool, ToolMissing

REMEDY = "run: apt-get install strace (as root)"


def find() -> Tool | None:
    """Look for strace on PATH."""
    path = shutil.which("strace")
    if path is None:
        return None
    said = subprocess.run([path, "--version"], capture_output=True, text=True)
    number = re.search(r"version ([\d.]+)", said.stdout)
    return Tool("strace", number[1], Path(path)) if number else None


def ensure() -> Tool:
    """Find strace, or install the package that has it.

    :raises ToolMissing: not there, and the package manager could not bring it
    """
    tool = find()
    if tool is None and can_use_apt() and apt_install("strace"):
        tool = find()
        if tool is not None:
            return Tool(tool.name, tool.version, tool.path, "installed")
    if tool is None:
        raise ToolMissing("strace", "strace is not on PATH", REMEDY)
    return tool
