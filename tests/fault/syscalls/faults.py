"""Which call to the operating system goes wrong, and how: what ``strace`` is told to do."""

import os
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

#: Calls by which SQLite keeps what it was given → the ways in which each can fail.
CALLS = {
    "openat": ("EIO", "ENOSPC", "EMFILE"),
    "pwrite64": ("EIO", "ENOSPC"),
    "pread64": ("EIO",),
    "fdatasync": ("EIO", "ENOSPC"),
    "fsync": ("EIO",),
    "ftruncate": ("EIO", "ENOSPC"),
    "fallocate": ("ENOSPC",),
    "unlink": ("EIO",),
    "fcntl": ("EIO",),
    "mmap": ("ENOMEM",),
    "close": ("EIO",),
}
SIGKILL = "SIGKILL"
_INJECTED = re.compile(r"\(INJECTED\)|killed by SIGKILL|--- SIGKILL")


class Fault(NamedTuple):
    """One call that goes wrong."""

    call: str
    #: An errno, or the signal that ends the process at it.
    how: str
    #: The first one counts as 1.
    number: int
    #: Whether all calls after it go wrong as well.
    lasts: bool

    @property
    def words(self) -> str:
        """How strace is told."""
        what = f"signal={self.how}" if self.how == SIGKILL else f"error={self.how}"
        return f"inject={self.call}:{what}:when={self.number}{'+' if self.lasts else ''}"


def every_fault(counts: dict[str, int]) -> list[Fault]:
    """Return all faults there are for so many calls of each name."""
    return [
        Fault(call, how, number, lasts)
        for call, errors in CALLS.items()
        for number in range(1, counts.get(call, 0) + 1)
        for how in (*errors, SIGKILL)
        for lasts in ((False,) if how == SIGKILL else (False, True))
    ]


class Traced:
    """strace at a process, looking at the calls on some files."""

    def __init__(self, strace: Path, pid: int, files: list[Path], trace: Path, fault: Fault | None):
        looked_at = [word for file in files for word in ("-P", str(file))]
        told = ("-e", fault.words) if fault is not None else ()
        command = (str(strace), "-f", "-e", f"trace={','.join(CALLS)}", *told, *looked_at)
        self._trace = trace
        self._process = subprocess.Popen(
            [*command, "-o", str(trace), "-p", str(pid)], stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        said = self._process.stderr.readline()
        if "attached" not in said:
            raise RuntimeError(f"strace: {said}")

    def close(self) -> None:
        """Return when the process has ended."""
        self._process.communicate(timeout=60)

    def counts(self) -> dict[str, int]:
        """Return how often each call was made."""
        names = re.findall(r"^\d+ +(\w+)\(", self._trace.read_text(errors="replace"), re.MULTILINE)
        return {name: names.count(name) for name in CALLS}

    def was_met(self) -> bool:
        """Whether the call that was to go wrong was made."""
        return bool(_INJECTED.search(self._trace.read_text(errors="replace")))


def open_gate(gate: Path) -> None:
    """Let whoever waits for the pipe go on."""
    os.close(os.open(gate, os.O_WRONLY))
