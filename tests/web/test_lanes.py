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
        (b"HEAD /healthz HTTP/1.1", Lane.PAGES),
        (b"GET /widget/" + b"a" * 43 + b".js HTTP/1.1", Lane.PAGES),
        (b"GET /v1/check?site=demo HTTP/1.1", Lane.CHECKS),
        (b"POST /v1/check HTTP/1.1", Lane.CHECKS),
        (b"POST /v1/sites/demo/consents HTTP/1.1", Lane.REST),
        (b"POST /s/demo.js HTTP/1.1", Lane.REST),
        (b"GET /v1/sites/demo/export?a=/s/demo.js HTTP/1.1", Lane.REST),
        (b"\r\nGET /healthz HTTP/1.1", Lane.REST),
        (b"", Lane.REST),
    ],
)
def test_a_request_joins_the_line_of_its_kind(line, lane):
    assert lane_of(line) is lane


class Crowd(LiningWorker):
    """A worker of two threads that take what they are given and answer when the test says so."""

    def __init__(self, clock):
        self.cfg = SimpleNamespace(threads=2)
        self.method_queue = SimpleNamespace(defer=lambda leave, *given: leave(*given))
        self.tpool = SimpleNamespace(submit=self._submit)
        self.clock = clock
        self.waiting, self.finished = [], []
        self.prepare_line()

    def _submit(self, begin, conn):
        given = Future()
        self.waiting.append((conn, given))
        return given

    def come(self, *names):
        """Let decisions join the line."""
        for name in names:
            received = b"POST /v1/sites/demo/consents HTTP/1.1"
            self.join_line(SimpleNamespace(name=name, received=received, given=None, begun=0.0))

    def take(self):
        """Let threads begin with what they were given."""
        for conn, given in self.waiting:
            if given.set_running_or_notify_cancel():
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
def crowd(monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(line, "time", SimpleNamespace(monotonic=lambda: clock.now))
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
