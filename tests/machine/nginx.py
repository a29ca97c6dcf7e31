"""An nginx to stand before the service, as on a site's own host."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.machine.install import VENV, say, succeeds
from tests.machine.tool import Tool, ToolMissing

REMEDY = "run: apt-get install nginx (as root), or set NGINX to the program's path"
#: Where the package is unpacked: installing it would start a server on port 80.
UNPACKED = VENV / "nginx"


def find() -> Tool | None:
    """Look at NGINX, on PATH and beside it, and where the package was unpacked."""
    for path in _places():
        if version := _version(path):
            return Tool("nginx", version, path)
    return None


def ensure() -> Tool:
    """Find nginx, or unpack Debian's package into the virtual environment; nothing is started.

    :raises ToolMissing: not there, and the package manager could not bring one that runs
    """
    tool = find()
    if tool is None and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        say("apt-get download nginx (1 MB)")
        _unpack()
        tool = find()
        if tool is not None:
            return Tool(tool.name, tool.version, tool.path, "unpacked from Debian")
    if tool is None:
        raise ToolMissing("nginx", "not on PATH, and no package to unpack", REMEDY)
    return tool


def _places() -> Iterator[Path]:
    if "NGINX" in os.environ:
        yield Path(os.environ["NGINX"])
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    if found := shutil.which("nginx", path=path):
        yield Path(found)
    yield UNPACKED / "usr/sbin/nginx"


def _unpack() -> None:
    with tempfile.TemporaryDirectory(prefix="consent-nginx-") as folder:
        # Packages know each other's lists: without them, only root can fetch new ones.
        known = succeeds(["apt-get", "download", "nginx"], cwd=folder)
        if not known and os.geteuid() == 0 and succeeds(["apt-get", "update"], attempts=3):
            succeeds(["apt-get", "download", "nginx"], attempts=3, cwd=folder)
        for package in Path(folder).glob("nginx_*.deb"):
            succeeds(["dpkg-deb", "-x", package, UNPACKED])


def _version(path: Path) -> str:
    """Return "1.22.1", or nothing unless it is there and runs."""
    try:
        said = subprocess.run([path, "-v"], capture_output=True, text=True)
    except OSError:
        return ""
    number = re.search(r"nginx/(\d+(?:\.\d+)+)", said.stderr)
    return number[1] if number else ""
