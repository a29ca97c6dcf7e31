"""Which requests leave threads to others, by their first line."""

from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from consent_server.worker import line
from consent_server.worker.line import Lane, LiningWorker, lane_of


@pytest.mark.parametrize(
    ("line", "lane"),
    [
        (b"GET /s/demo.js HTTP/1.1", Lane.PAGES),
        (b"GET /consent/s/demo.js?v=1 HTTP/1.1", Lane.PAGES),
        (b"HEAD /healthz HTTP/1.1", Lane.HEALTH),
        (b"GET /readyz HTTP/1.1", Lane.OPERATORS),
        (b"GET /consent/metrics HTTP/1.1", Lane.OPERATORS),
        (b"POST /v1/readyz HTTP/1.1", Lane.REST),
        (b"GET /widget/" + b"a" * 43 + b".js HTTP/1.1", Lane.PAGES),
        (b"GET /v1/check?site=demo HTTP/1.1", Lane.CHECKS),
        (b"POST /v1/check HTTP/1.1", Lane.CHECKS),
        (b"POST /v1/sites/demo/consents HTTP/1.1", Lane.REST),
        (b"POST /s/demo.js HTTP/1.1", Lane.REST),
        (b"GET /consent/v1/sites/demo/export?a=/s/demo.js HTTP/1.1", Lane.EXPORTS),
        (b"GET /v1/sites/demo/export HTTP/1.1", Lane.EXPORTS),
        (b"GET /v1/sites/demo/consents?a=/s/demo.js HTTP/1.1", Lane.REST),
        (b"\r\nGET /healthz HTTP/1.1", Lane.REST),
        (b"", Lane.REST),
    ],
)
def test_a_request_joins_the_line_of_its_kind(line, lane):
    assert lane_of(line) is lane


CHECK = b"GET /v1/check?site=demo HTTP/1.1"
DECISION = b"POST /v1/sites/demo/consents HTTP/1.1"
EXPORT = b"GET /v1/sites/demo/export?format=csv HTTP/1.1"
SCRIPT = b"GET /s/demo.js HTTP/1.1"


class Crowd(LiningWorker):
    """A worker of two threads that take what they are given and answer when the test says so."""

    def __init__(self, clock, threads=2):
        self.cfg = SimpleNamespace(threads=threads)
        self.method_queue = SimpleNamespace(defer=lambda leave, *given: leave(*given))
        self.tpool = SimpleNamespace(submit=self._submit)
        self.clock = clock
        self.waiting, self.finished = [], []
        self.prepare_line()

    def _submit(self, begin, conn):
        given = Future()
        self.waiting.append((conn, given))
        return given

    def come(self, *names, received=DECISION):
        """Let requests join the line."""
        for name in names:
            self.join_line(SimpleNamespace(name=name, received=received, given=None, begun=0.0))

    @property
    def given(self):
        """Who has a thread, or gets the next one."""
        return "".join(conn.name for conn, _ in self.waiting)

    def take(self):
        """Let threads begin with what they were given."""
        for conn, given in self.waiting:
            if not given.running() and given.set_running_or_notify_cancel():
                conn.begun = self.clock.now

    def answer(self, count):
        """Let some threads end, those that took their request first."""
        for _ in range(count):
            conn, given = self.waiting.pop(0)
            given.set_result(None)
            self.finished.append(conn.name)

    def finish_request(self, conn, given):
        pass

    def refused(self):
        return [conn.name for conn in self.waiting_in_vain()]


@pytest.fixture
def clock(monkeypatch):
    made = SimpleNamespace(now=100.0)
    monkeypatch.setattr(line, "time", SimpleNamespace(monotonic=lambda: made.now))
    return made


@pytest.fixture
def crowd(clock):
    return Crowd(clock)


def test_whoever_waits_in_a_line_that_does_not_move_is_told_so(crowd):
    crowd.come("a", "b", "c", "d")
    crowd.take()
    crowd.clock.now += 1.4
    early = crowd.refused()
    crowd.clock.now += 0.2

    assert early == []
    assert crowd.refused() == ["c", "d"]
    assert crowd.refused() == []


def test_a_crowd_waits_while_the_line_moves_in_its_order_and_not_for_ever(crowd):
    crowd.come(*"abcdefghijklmnopqrst")
    refused = []
    for _ in range(8):
        crowd.take()
        crowd.clock.now += 1.3
        crowd.answer(2)
        refused += crowd.refused()

    assert crowd.finished == list("abcdefghijklmnop")
    assert refused + crowd.refused() == list("qrst")


def test_requests_that_give_up_after_long_do_not_move_the_line(crowd):
    crowd.come("a", "b", "c")
    crowd.take()
    crowd.clock.now += 1.45
    crowd.come("d")
    crowd.clock.now += 1.45
    crowd.answer(2)

    assert crowd.refused() == ["c"]
    crowd.clock.now += 0.1
    assert crowd.refused() == ["d"]


def test_whoever_comes_first_no_kind_takes_all_threads_from_another(crowd):
    crowd.cfg.threads = 8
    crowd.come(*"cccccccccccc", received=CHECK)
    crowd.come(*"eeeeeeeeeeee", received=EXPORT)
    crowd.come(*"dddddddddddd")
    crowd.come("s", received=SCRIPT)
    of_checks_first = crowd.given
    crowd.take()
    while crowd.waiting:
        crowd.answer(1)

    assert of_checks_first == "c" * 8 + "e" * 2 + "s"
    assert sorted(crowd.finished) == [*"c" * 12, *"d" * 12, *"e" * 12, "s"]


def test_pages_leave_a_thread_to_whether_the_process_lives(crowd):
    crowd.come(*"dddd")
    crowd.come(*"ssssssss", received=SCRIPT)
    crowd.come("h", received=b"GET /healthz HTTP/1.1")

    assert crowd.given == "dd" + "s" * (line.SPARE_THREADS) + "h"
    assert len(crowd.given) + line.OPERATORS_THREADS == crowd.get_thread_pool()._max_workers


def test_operators_are_answered_in_a_crowd_and_are_none_themselves(crowd):
    crowd.come(*"dddddddd")
    crowd.come(*"cccccccc", received=CHECK)
    crowd.come(*"ssssssss", received=SCRIPT)
    of_visitors = crowd.given
    crowd.come(*"rrr", received=b"GET /readyz HTTP/1.1")
    crowd.come("m", received=b"GET /metrics HTTP/1.1")
    crowd.come("h", received=b"GET /healthz HTTP/1.1")

    assert crowd.given == of_visitors + "rrh"
    assert len(crowd.given) == crowd.get_thread_pool()._max_workers


def test_exports_leave_threads_to_decisions(crowd):
    crowd.cfg.threads = 8
    crowd.come(*"eeeeeeeeeeee", received=EXPORT)
    crowd.come(*"dddddddddddd")

    assert crowd.given == "eeeedddd"


@pytest.mark.parametrize("threads", [1, 2])
def test_with_few_threads_an_export_leaves_one_to_a_decision(clock, threads):
    crowd = Crowd(clock, threads)
    crowd.come("e", "e", received=EXPORT)
    crowd.come("d")

    assert crowd.given == "ed"


def test_decisions_that_wait_go_on_while_checks_keep_coming(crowd):
    crowd.come(*"dddddd")
    crowd.come(*"cccccccccccc", received=CHECK)
    for _ in range(12):
        crowd.take()
        crowd.answer(1)
        crowd.come("c", received=CHECK)

    assert crowd.finished.count("d") == 6


def test_whoever_came_last_leaves_the_longest_line_if_it_is_long(crowd):
    crowd.come(*"abcdef")
    crowd.come(*"gh", received=CHECK)

    assert crowd.last_in_line(3).name == "f"
    assert crowd.last_in_line(3) is None
