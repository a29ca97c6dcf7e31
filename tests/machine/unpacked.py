"""Programs of Debian packages that are unpacked, not installed: installing would start a server."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.machine.install import VENV, say, succeeds
from tests.machine.tool import Tool, ToolMissing


@dataclass(frozen=True)
class Program:
    """A program, and the package that has it."""

    name: str
    package: str
    #: In the package.
    path: str
    #: What makes it say its version, and where in its answer that stands.
    asked: str
    answers: str
    size: str
    #: Packages of libraries that it needs and few machines have.
    needs: tuple[str, ...] = ()

    @property
    def remedy(self) -> str:
        """What a person can do."""
        variable = self.name.upper()
        return (
            f"run: apt-get install {self.package} (as root), "
            f"or set {variable} to the program's path"
        )

    def find(self) -> Tool | None:
        """Look at its variable, on PATH and beside it, and where the package was unpacked."""
        for path in self._places():
            if version := self._version(path):
                return Tool(self.name, version, path)
        return None

    def ensure(self) -> Tool:
        """Find it, or unpack Debian's package into the virtual environment; nothing is started.

        :raises ToolMissing: not there, and the package manager could not bring one that runs
        """
        tool = self.find()
        if tool is None and shutil.which("apt-get") and shutil.which("dpkg-deb"):
            say(f"apt-get download {self.package} ({self.size})")
            self._unpack()
            tool = self.find()
            if tool is not None:
                return Tool(tool.name, tool.version, tool.path, "unpacked from Debian")
        if tool is None:
            raise ToolMissing(self.name, "not on PATH, and no package to unpack", self.remedy)
        return tool

    def environment(self) -> dict[str, str]:
        """Return the environment to run it in: unpacked, it finds its libraries beside itself."""
        unpacked = ":".join(map(str, (VENV / self.package).glob("usr/lib/*-linux-gnu")))
        known = os.environ.get("LD_LIBRARY_PATH", "")
        return {**os.environ, "LD_LIBRARY_PATH": ":".join(filter(None, (known, unpacked)))}

    def _places(self) -> Iterator[Path]:
        if self.name.upper() in os.environ:
            yield Path(os.environ[self.name.upper()])
        path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
        if found := shutil.which(self.name, path=path):
            yield Path(found)
        yield VENV / self.package / self.path

    def _unpack(self) -> None:
        with tempfile.TemporaryDirectory(prefix="consent-package-") as folder:
            command = ["apt-get", "download", self.package, *self.needs]
            # Packages know each other's lists: without them, only root can fetch new ones.
            known = succeeds(command, cwd=folder)
            if not known and os.geteuid() == 0 and succeeds(["apt-get", "update"], attempts=3):
                succeeds(command, attempts=3, cwd=folder)
            for package in Path(folder).glob("*.deb"):
                succeeds(["dpkg-deb", "-x", package, VENV / self.package])

    def _version(self, path: Path) -> str:
        """Return "1.22.1", or nothing unless it is there and runs."""
        try:
            said = subprocess.run(
                [path, self.asked], capture_output=True, text=True, env=self.environment()
            )
        except OSError:
            return ""
        number = re.search(self.answers, said.stdout + said.stderr)
        return number[1] if number else ""
