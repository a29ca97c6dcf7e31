"""Servers as child processes: started, waited for, their CPU time read, ended."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
#: Seconds until a server must answer, and until it must have ended.
STARTUP_SECONDS = 60
STOP_SECONDS = 15


class BenchFailed(RuntimeError):
    """Nothing can be measured; the message says why."""


@dataclass
class Server:
    """A server on loopback that belongs to this process."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"
    #: What it wrote to standard output and standard error.
    log: Path

    def cpu_seconds(self) -> float:
        """Return the CPU time that the server and all its workers have used so far."""
        return cpu_seconds(self.process.pid)

    def wait_until_ready(self, path: str) -> None:
        """Wait until ``path`` is answered.

        :raises BenchFailed: the server ended, or did not answer in time; with what it wrote
        """
        deadline = time.monotonic() + STARTUP_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            if _answers(self.port, path):
                return
            time.sleep(0.1)
        said = self.log.read_text(errors="replace")[-2000:]
        raise BenchFailed(f"the server {self.name} did not start:\n{said}")

    def stop(self) -> None:
        """End the server in order, or its whole process group when it does not listen."""
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def start(module: list[str], name: str, environment: Mapping[str, str], folder: Path) -> Server:
    """Start ``python -m …`` as a server on a free port of loopback; the caller stops it.

    :param module: name of the module and its arguments
    :param folder: where the server's log is kept
    """
    port = _free_port()
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        # A session of its own: Ctrl-C reaches the bench, and the bench ends the server.
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env={**environment, "CONSENT_BIND": f"127.0.0.1:{port}"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    return Server(name, port, process, log)


def cpu_seconds(root: int) -> float:
    """Return user and system time of a process and its descendants, ended ones included.

    :source: proc(5), /proc/[pid]/stat, fields 14 to 17
    """
    return sum(map(_ticks, _tree(root))) / TICKS_PER_SECOND


def _ticks(pid: int) -> int:
    # The second field, the command in parentheses, may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def children_of(pid: int) -> list[int]:
    """Return the descendants of a process that are there now."""
    return list(_tree(pid))[1:]


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _tree(int(child))


def memory_of_each(root: int) -> tuple[float, float]:
    """Return MiB in memory of the largest among a process and its descendants, and its share of it.

    What several processes have in common counts as a part for each of them in the share.

    :source: proc(5), /proc/[pid]/smaps_rollup, Rss and Pss
    """
    found = []
    for pid in _tree(root):
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        sizes = dict(re.findall(r"^(Rss|Pss):\s+(\d+) kB$", text, re.MULTILINE))
        found.append((int(sizes["Rss"]) / 1024, int(sizes["Pss"]) / 1024))
    return max(found)


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
