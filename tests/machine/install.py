"""How something is installed: quietly into a log, without a question, one process at a time."""

import contextlib
import fcntl
import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

#: The virtual environment this module runs in; everything that needs no system package goes there.
VENV = Path(sys.prefix)
#: Output of every installer, kept for the reader of a failure.
LOG = VENV / "machine.log"
APT_OPTIONS = ["-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=300"]


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Make parallel callers of the same virtual environment wait for each other."""
    with (VENV / "machine.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def say(message: str) -> None:
    """Tell what a long step is about to do."""
    print(f"-- {message}", flush=True)


def succeeds(command: Sequence[str | Path], attempts: int = 1, **options: Any) -> bool:
    """Run an installer, append what it prints to the log, and return whether it worked.

    :param attempts: how often in all; for installers that use the network
    """
    for attempt in range(1, attempts + 1):
        with LOG.open("a") as log:
            print(f"\n$ {' '.join(map(str, command))}  (attempt {attempt})", file=log, flush=True)
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False, **options
            )
        if done.returncode == 0:
            return True
    say(f"{command[0]} failed; the last lines of {LOG}:\n{_tail(LOG)}")
    return False


def can_use_apt() -> bool:
    """Tell whether system packages can be installed: root, on Debian or a descendant."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def apt_install(*packages: str) -> bool:
    """Install system packages without recommendations and without a question."""
    say(f"apt-get install {' '.join(packages)} (a minute or two)")
    if not _apt_lists_are_fresh():
        return False
    command = ["apt-get", *APT_OPTIONS, "install", "-y", "--no-install-recommends", *packages]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return succeeds(command, attempts=3, env=environment)


@functools.cache
def _apt_lists_are_fresh() -> bool:
    return succeeds(["apt-get", *APT_OPTIONS, "update"], attempts=3)


def _tail(path: Path, lines: int = 15) -> str:
    last = path.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(f"   {line}" for line in last)
