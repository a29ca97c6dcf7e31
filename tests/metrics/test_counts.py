"""Counts that several processes share, and that outlive each of them."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from consent_server.metrics import counts, sharedfile
from consent_server.metrics.counts import Counts

ROOT = Path(__file__).parents[2]
EVENT, STATE = ("consent_event_total", "a"), ("consent_process_state",)


@pytest.fixture
def shared(tmp_path):
    """A process of its own, as far as counting goes."""

    def shared() -> Counts:
        made = Counts()
        made.share(tmp_path / "metrics")
        return made

    return shared


def test_no_count_of_many_threads_is_lost(shared):
    counting = shared()

    def count():
        for _ in range(5_000):
            counting.add(EVENT)
            counting.observe("group", 0, 0.5, lambda group: [("n",), ("sum",), ("bucket",)])

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    totals = counting.totals()
    assert totals[EVENT] == totals["n",] == totals["bucket",] == 40_000
    assert totals["sum",] == 20_000


COUNT = """
import sys
from pathlib import Path
from consent_server.metrics.counts import Counts
counting = Counts()
counting.share(Path(sys.argv[1]))
for _ in range(1000):
    counting.add(("consent_event_total", "a"))
counting.set(("consent_process_state",), 7)
print("counted", flush=True)
sys.stdin.read()
"""


def test_every_process_counts_and_what_it_counted_outlives_it(shared, tmp_path):
    own = shared()
    own.add(EVENT)
    own.set(STATE, 1)
    command = [sys.executable, "-c", COUNT, str(tmp_path / "metrics")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": ROOT}
    others = [subprocess.Popen(command, **pipes) for _ in range(2)]
    assert [other.stdout.readline() for other in others] == [b"counted\n"] * 2
    both = own.totals()
    others[0].kill()
    others[0].communicate()
    one = own.totals()
    others[1].communicate()

    assert [totals[EVENT] for totals in (both, one, own.totals())] == [2_001] * 3
    assert [totals[STATE] for totals in (both, one, own.totals())] == [15, 8, 1]
    shared().add(EVENT)
    assert own.totals()[EVENT] == 2_002
    assert len(list((tmp_path / "metrics").iterdir())) == 3


def test_what_was_counted_in_memory_is_taken_along(shared, tmp_path):
    counting = Counts()
    counting.add(EVENT)
    counting.share(tmp_path / "metrics")
    counting.add(EVENT)
    again = counting.totals()
    counting.share(tmp_path / "metrics")

    assert again[EVENT] == counting.totals()[EVENT] == 2


FORK = """
import os
import sys
from pathlib import Path
from consent_server.metrics.counts import Counts
counting = Counts()
counting.share(Path(sys.argv[1]))
counting.add(("consent_event_total", "a"))
child = os.fork()
counting.add(("consent_event_total", "a"))
if child == 0:
    os._exit(0)
os.waitpid(child, 0)
print(counting.totals()["consent_event_total", "a"])
"""


def test_a_forked_process_counts_in_a_file_of_its_own(tmp_path):
    # Not a fork of this process: its other threads would leave the child their locks.
    command = [sys.executable, "-c", FORK, str(tmp_path / "metrics")]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=60)

    assert told.stdout == b"3.0\n"


def test_a_file_that_is_not_ours_begins_anew(shared, tmp_path):
    counting = shared()
    counting.add(EVENT)
    counting._file.close()
    (tmp_path / "metrics/0.counts").write_bytes(b"counts01[1, \n" + bytes(sharedfile.SIZE))
    following = shared()
    following.add(EVENT)

    assert following.totals() == {EVENT: 1}


def test_where_no_file_can_be_made_counting_goes_on_in_memory(tmp_path):
    (tmp_path / "metrics").write_text("in the way")
    counting = Counts()
    counting.share(tmp_path / "metrics")
    counting.add(EVENT)

    assert counting.totals() == {EVENT: 1}


def test_more_series_than_fit_are_not_counted_and_break_nothing(shared):
    counting = shared()
    for number in range(counts.MOST_SERIES + 10):
        counting.add(("consent_event_total", str(number)))
    counting.add(("consent_event_total", "0"))

    totals = counting.totals()
    assert len(totals) == counts.MOST_SERIES - 1
    assert totals["consent_event_total", "0"] == 2
