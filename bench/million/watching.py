"""What a command takes: seconds, CPU time, and its memory at the most, children's too."""

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.processes import ROOT, BenchFailed, children_of, cpu_seconds

#: Seconds between two looks.
EVERY = 0.02


@dataclass
class Taken:
    """What one command, or a while of one process, took."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    #: Bytes, of the process itself and of it and its children together.
    own: int = 0
    together: int = 0
    #: The largest that a file was meanwhile.
    largest_file: int = 0
    output: str = ""


def run(words: list[str], environment: Mapping[str, str]) -> Taken:
    """Run ``python`` with these words, and watch it until it ends.

    :raises BenchFailed: it ends with anything but 0
    """
    taken, started = Taken(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with watching(process.pid, taken):
        taken.output, said = process.communicate()
    taken.seconds = time.perf_counter() - started
    if process.returncode != 0:
        raise BenchFailed(f"{' '.join(words)[:200]} failed:\n{said[-2000:]}")
    return taken


@contextmanager
def watching(pid: int, taken: Taken, file: Path | None = None) -> Iterator[None]:
    """Look at a process and its children until the block ends.

    :param file: one that they may make grow
    """
    is_over = threading.Event()

    def look() -> None:
        while True:
            _look(pid, taken, file)
            if is_over.wait(EVERY):
                return

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _look(pid: int, taken: Taken, file: Path | None) -> None:
    try:
        own = resident(pid)
        taken.own = max(taken.own, own)
        taken.together = max(taken.together, own + sum(map(resident, children_of(pid))))
        taken.cpu_seconds = max(taken.cpu_seconds, cpu_seconds(pid))
        if file is not None:
            taken.largest_file = max(taken.largest_file, file.stat().st_size)
    except OSError:
        return  # it ended, or one of its children did


def resident(pid: int) -> int:
    """Return the bytes that a process has in memory; 0 of one that ended."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0
