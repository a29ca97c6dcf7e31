"""An export that a client fetches from the running service while visitors decide."""

import http.client
import json
import statistics
import time
from contextlib import closing
from typing import Any

from bench.contestants import Contestant, command
from bench.million.filling import SITE, Log
from bench.million.watching import Taken, resident, watching
from bench.processes import BenchFailed, children_of
from bench.purge.writers import writing

#: Bytes taken at a time.
PIECE = 1 << 20


def streamed(log: Log, contestant: Contestant, per_second: float, seconds: float) -> dict[str, Any]:
    """Return what an export of JSON Lines costs the service, and what the writers notice of it.

    :param per_second: decisions that are sent all the time
    :param seconds: how long the writers are looked at before the export
    :raises BenchFailed: the export is not whole, or a decision was refused
    """
    key = json.loads(command(log.environment, *f"key create {SITE} --scope export --json".split()))
    service = contestant.service
    wal = log.folder / "consent.sqlite3-wal" if log.private is None else None
    taken = Taken()
    with writing(contestant.jobs["record"], per_second) as writers:
        time.sleep(seconds / 4)  # until everything is warm
        writers.taken()
        time.sleep(seconds)
        before = writers.taken()
        idle = sum(map(resident, [service.process.pid, *children_of(service.process.pid)]))
        with watching(service.process.pid, taken, wal):
            took: list[float] = []
            size = 0
            while sum(took) < seconds / 4:  # of a small log several, so that there are writers
                started = time.perf_counter()
                size = _fetched(service.port, key["key"])
                took.append(time.perf_counter() - started)
        meanwhile = writers.taken()
    return {
        "seconds": statistics.median(took),
        "bytes": size,
        "above_idle": taken.together - idle,
        "wal": taken.largest_file,
        "before_ms": _quantiles(before),
        "meanwhile_ms": _quantiles(meanwhile),
    }


def _fetched(port: int, key: str) -> int:
    """Fetch the export; return its bytes."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
        path = f"/v1/sites/{SITE}/export?format=jsonl"
        connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        size, last = 0, b""
        while piece := answer.read(PIECE):
            size += len(piece)
            last = (last + piece)[-PIECE:]
    if answer.status != 200 or b'{"manifest":' not in last:
        raise BenchFailed(f"the export ended after {size} bytes, status {answer.status}")
    return size


def _quantiles(waits: list[float]) -> tuple[float, float]:
    found = statistics.quantiles(waits, n=100)
    return found[49], found[98]
