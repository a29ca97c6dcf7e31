"""What the processes of a service have open and in use while nobody asks them anything."""

import os
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.fault.soak.served import SIGNAL

#: Seconds that a process has for what it does at once.
PATIENCE = 90.0
#: How often a process is asked what it has in use.
ASKED = 2
#: How often one is looked at again to see what stays open, and how many seconds are between.
MOMENTS, MOMENT = 10, 0.02
#: State of a socket in ``/proc/net/tcp``.
LISTENS = "0A"
#: What a connection to a database, or a file of one, is called.
DATABASES = "a database"


#: How many descriptors lead to what.
Opened = Counter[str]


@dataclass(frozen=True)
class Seen:
    """What some processes had together."""

    #: Requests since they began.
    answered: int
    #: KiB in use of Python's allocator and of the system's; KiB of memory that are theirs alone.
    small: float
    large: float
    private: float
    threads: int
    #: Descriptors that lead to a database, and the others by what they lead to.
    databases: int
    others: Opened


def look_at(pids: list[int], port: int, told: Path, answered: int) -> Seen:
    """Return what processes have, once nobody's connection is open.

    :param port: where they listen
    :param told: where each says what it has in use
    """
    wait_until(lambda: not _connections(port), "a connection of nobody stays open")
    opened = sum(map(_kept_open, pids), Counter())
    in_use = [_in_use(pid, told) for pid in pids]
    return Seen(
        answered,
        sum(small for small, _ in in_use) / 1024,
        sum(large for _, large in in_use) / 1024,
        sum(map(private, pids)),
        sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in pids),
        opened.pop(DATABASES, 0),
        opened,
    )


def _kept_open(pid: int) -> Opened:
    """Return what a process has open all the while: for a moment it waits for a database, say."""
    kept = descriptors(pid)
    for _ in range(MOMENTS):
        time.sleep(MOMENT)
        kept &= descriptors(pid)
    return kept


def _in_use(pid: int, told: Path) -> tuple[int, int]:
    """Return the least that a process says of a few times: it seals beside, and measures."""
    said = []
    for _ in range(ASKED):
        (told / str(pid)).unlink(missing_ok=True)
        os.kill(pid, SIGNAL)
        wait_until((told / str(pid)).exists, "a process does not say what it has in use")
        small, large = (told / str(pid)).read_text().split()
        said.append((int(small), int(large)))
    return min(small for small, _ in said), min(large for _, large in said)


def private(pid: int) -> int:
    """Return the KiB of memory that a process alone has written to."""
    told = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Private_Dirty: +(\d+) kB", told, re.MULTILINE)
    assert found is not None
    return int(found[1])


def descriptors(pid: int) -> Opened:
    """Return what the descriptors of a process lead to; numbers in names are left out."""
    connected = _sockets(lambda line: line[3] != LISTENS)
    found: Opened = Counter()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # open while this looked
            found[_named(os.readlink(descriptor), connected)] += 1
    return found


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def _named(link: str, connected: set[str]) -> str:
    """Return what descriptors of a kind have in common."""
    if link in connected or re.search(r"\.(db|sqlite3)(-wal|-shm|-journal)?$", link):
        return DATABASES
    return re.sub(r"\d+|-\w+(?= \(deleted\))", "", Path(link).name)


def _connections(port: int) -> set[str]:
    """Return the open connections to a port of this machine, at its end."""
    return _sockets(lambda line: line[3] != LISTENS and line[1].endswith(f":{port:04X}"))


def _sockets(is_meant: Callable[[list[str]], bool]) -> set[str]:
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return {f"socket:[{line[9]}]" for line in map(str.split, lines) if is_meant(line)} - {
        "socket:[0]"
    }
