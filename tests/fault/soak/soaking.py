"""A long run: requests from one reload to the next, with many looks at the processes between."""

import re
from collections.abc import Callable
from pathlib import Path

from tests.fault.durability.service import Killed
from tests.fault.server.test_reload import reload
from tests.fault.soak.judging import Soaked
from tests.fault.soak.traffic import Traffic
from tests.fault.soak.watching import descriptors, look_at, private, wait_until

#: Looks at the processes from one reload to the next, and at the first ones.
LOOKS, FIRST_LOOKS = 12, 5
#: Part of the requests that the first processes answer where others follow.
FIRST = 0.25


def soak(
    service: Killed,
    traffic: Traffic,
    folder: Path,
    requests: int,
    rounds: int,
    restart: Callable[[], None],
) -> Soaked:
    """Let a service answer, and return what was seen of it.

    :param folder: ``told`` and ``kept`` are below
    :param requests: in all; the first processes have fewer to answer
    :param restart: what is done to the database in every second round
    """
    soaked = Soaked(len(service.workers()))
    each = requests / (rounds - 1 + FIRST) if rounds > 1 else requests
    for number in range(rounds):
        is_short = number == 0 and rounds > 1
        count, looks = (each * FIRST, FIRST_LOOKS) if is_short else (each, LOOKS)
        if number:
            _disturb(service, traffic, restart if number % 2 else lambda: None)
        pids, began = service.workers(), traffic.answered
        soaked.generations.append([])
        while traffic.answered < began + count and not traffic.wrong:
            with traffic.running():
                traffic.wait_until(traffic.answered + round(count / looks))
            seen = look_at(pids, service.port(), folder / "told", traffic.answered - began)
            soaked.generations[-1].append(seen)
        first = service.server.process.pid
        soaked.first.append((private(first), descriptors(first)))
        soaked.files.append(_names(folder / "kept", len(pids)))
    return soaked


def _disturb(service: Killed, traffic: Traffic, restart: Callable[[], None]) -> None:
    """Make all processes anew while they are asked, and do something to their database."""
    traffic.begin_anew()
    with traffic.running():
        traffic.wait_until(traffic.answered + 20)
        reload(service.server)
        restart()
        traffic.wait_until(traffic.answered + 20)
    wait_until(lambda: service.server.request("GET", "/readyz")[0] == 200, "it is not ready again")


def _names(folder: Path, processes: int) -> list[str]:
    """Return the names of the files in a folder; where each process has one, there are few."""
    found = [str(path.relative_to(folder)) for path in folder.rglob("*")]
    counts = [name for name in found if name.endswith(".counts")]
    # At a reload there are twice as many processes for a moment.
    assert len(counts) <= 2 * processes, counts
    return sorted({re.sub(r"\d+\.counts", "N.counts", name) for name in found})
