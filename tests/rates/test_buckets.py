"""A bucket gives what it holds and what flows in, and no more; in memory and in a file alike."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent_server.rates.buckets import MOST, FileBuckets, MemoryBuckets, after_request
from consent_server.rates.limits import LIMITS, Limit
from consent_server.sqlite import sqlite3

DAY = "2026-11-29"
LIMIT = Limit(5, 2)
STEPS = st.lists(
    st.tuples(st.sampled_from([b"one", b"two"]), st.floats(0, 3, allow_nan=False)), max_size=60
)


def make_secret():
    return bytes(32)


@pytest.fixture(params=["memory", "file"])
def buckets(request, tmp_path):
    if request.param == "memory":
        return MemoryBuckets(make_secret)
    return FileBuckets(tmp_path / "rates.sqlite3", make_secret)


def taken(buckets, count, now=100.0, name=b"one", day=DAY):
    return sum(not buckets.take(day, {name: LIMIT}, now) for _ in range(count))


def test_so_many_at_once_and_then_as_many_as_flow_in(buckets):
    assert taken(buckets, 20) == 5
    assert taken(buckets, 20, now=100.4) == 0
    assert taken(buckets, 20, now=101.5) == 3
    assert taken(buckets, 20, now=10_000.0) == 5


def test_the_wait_is_long_enough_and_not_longer(buckets):
    taken(buckets, 5)

    wait = buckets.take(DAY, {b"one": LIMIT}, 100.0)

    assert wait == pytest.approx(0.5)
    assert buckets.take(DAY, {b"one": LIMIT}, 100.0 + wait - 0.01) > 0
    assert buckets.take(DAY, {b"one": LIMIT}, 100.0 + wait) == 0


def test_what_was_counted_before_the_machine_started_anew_holds_nobody_up(buckets):
    taken(buckets, 20, now=50_000.0)

    assert taken(buckets, 20, now=3.0) == 5


def test_one_is_taken_from_all_or_from_none(buckets):
    narrow, wide = Limit(1, 0.001), Limit(3, 0.001)
    both = {b"narrow": narrow, b"wide": wide}

    assert [not buckets.take(DAY, both, 1.0) for _ in range(4)] == [True, False, False, False]
    assert [not buckets.take(DAY, {b"wide": wide}, 1.0) for _ in range(3)] == [True, True, False]


def test_a_day_forgets_the_day_before(tmp_path):
    made = iter([b"a" * 32, b"b" * 32, b"c" * 32, b"d" * 32])
    path = tmp_path / "rates.sqlite3"
    for found in (MemoryBuckets(lambda: next(made)), FileBuckets(path, lambda: next(made))):
        first = found.secret(DAY)
        assert (found.secret(DAY), taken(found, 9)) == (first, 5)
        second = found.secret("2026-11-30")
        assert second != first
        assert taken(found, 9, day="2026-11-30") == 5
    assert b"c" * 32 not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_memory_and_file_say_the_same(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("rates") / "rates.sqlite3"
    both = MemoryBuckets(make_secret), FileBuckets(path, make_secret)
    now = 50.0
    for name, later in steps:
        now += later
        one, other = (each.take(DAY, {name: LIMIT}, now) for each in both)
        assert one == other


@given(steps=STEPS)
def test_in_no_span_more_is_given_than_a_full_bucket_and_what_flows_in(steps):
    level, now, given_at = None, 0.0, []
    for _, later in steps:
        now += later
        held, wait = after_request(level, LIMIT, now)
        if not wait:
            level = (held, now)
            given_at.append(now)
    for at, begin in enumerate(given_at):
        for count, end in enumerate(given_at[at:], 1):
            assert count <= LIMIT.burst + (end - begin) * LIMIT.per_second + 1e-6


def test_threads_get_no_more_together_than_one_alone(buckets):
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: taken(buckets, 10), range(8))) == 5


def test_processes_get_no_more_together_than_one_alone(tmp_path):
    path = tmp_path / "rates.sqlite3"
    code = (
        "import sys; from pathlib import Path\n"
        "from consent_server.rates.buckets import FileBuckets\n"
        "from consent_server.rates.limits import Limit\n"
        "b = FileBuckets(Path(sys.argv[1]), lambda: bytes(32))\n"
        "b.secret('d')\n"
        "print(sum(not b.take('d', {b'x': Limit(20, 0.0001)}, 1.0) for _ in range(20)))\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    counts = [int(process.communicate(timeout=60)[0]) for process in running]

    assert sum(counts) == 20, counts


def test_a_file_that_cannot_be_used_holds_nobody_up(tmp_path):
    path = tmp_path / "rates.sqlite3"
    path.write_bytes(b"this is no database" * 100)
    broken = FileBuckets(path, make_secret)

    assert taken(broken, 1) == 1
    assert taken(broken, 50) == 5  # it was removed, and made anew
    nowhere = FileBuckets(tmp_path / "no" / "such", make_secret)
    assert taken(nowhere, 50) == 50
    assert nowhere.secret(DAY) == bytes(32)


def test_memory_stays_bounded():
    found = MemoryBuckets(make_secret)
    for number in range(MOST + 10):
        found.take(DAY, {number.to_bytes(4, "big"): LIMIT}, float(number))

    assert len(found._levels) <= MOST
    assert (MOST + 9).to_bytes(4, "big") in found._levels


def test_nothing_limits_a_site_in_its_withdrawals():
    assert LIMITS["denial"].site is None
    assert LIMITS["denial"].everything.per_second > LIMITS["grant"].everything.per_second


def test_the_file_is_a_database_of_names_and_levels_alone(tmp_path):
    path = tmp_path / "rates.sqlite3"
    taken(FileBuckets(path, make_secret), 1)

    with sqlite3.connect(path) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        assert {name for (name,) in tables} == {"days", "levels"}
