"""What an audit and a verifier remember of erased entries is a bit each: most of an old log is."""

import json
import tracemalloc

import pytest

from consent_server.sealing.erasures import Erasures
from consent_server.verification import Report, Walk

#: Leaves that are erased, of which a number each would take a hundred bytes, and what is allowed.
COUNT, MOST = 65_536, 4
#: Leaves that one tombstone names.
NAMED = 512
UNFILTERED = {"filter": dict.fromkeys(("from", "to", "event", "bundle"))}


@pytest.fixture
def held():
    """Return what is held at the most while something is done, in bytes a leaf."""

    def held(work):
        tracemalloc.start()
        try:
            work()
            return tracemalloc.get_traced_memory()[1] / COUNT
        finally:
            tracemalloc.stop()

    return held


def items():
    """A trailer in which all leaves are erased, some of them by a tombstone that waits."""
    yield {"begin": 0, "end": COUNT, "hash": "A" * 43}
    for at in range(0, COUNT, NAMED):
        stone = {"i": [*range(at, at + NAMED)], "p": ["d", "s"], "r": "art17", "t": "er", "v": 1}
        index = None if at % (2 * NAMED) else COUNT + at // (2 * NAMED)
        yield {"index": index, "entry": json.dumps(stone, separators=(",", ":"))}


def test_an_audit_that_waits_for_tombstones(held):
    erasures = Erasures("demo")

    def work():
        for index in range(COUNT):
            erasures.event(index, None)

    assert held(work) < MOST


def test_a_verifier_that_pairs_them(held):
    report = Report("x")
    walk = Walk(COUNT + COUNT // NAMED // 2, UNFILTERED, report)
    sorted_items = sorted(items(), key=lambda item: item.get("index") or item.get("end", 1 << 40))

    taken = held(lambda: walk.root(iter(()), iter(sorted_items), set()))

    assert report.is_good, list(map(str, report.problems))
    assert walk.promised == COUNT // 2 == walk.hidden - COUNT // 2
    assert taken < MOST


def test_the_control_numbers_in_a_set_show(held):
    numbers = set()

    assert held(lambda: numbers.update(range(COUNT))) > 8 * MOST
