"""Who waits for a thread, and for how long.

What may take long leaves threads to what does not: while every decision waits for a lock of the
database, or somebody takes eight exports, back ends still check and pages still get their script.
Whoever waits in vain is told so.
"""

import re
import time
from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from enum import Enum
from functools import partial
from typing import Any

from consent_server.settings import OPERATORS_THREADS, SPARE_THREADS
from consent_server.worker.connection import Connection
from consent_server.worker.refusing import RefusingWorker

#: Seconds for which a request waits for a thread in a line that does not move: none of its kind had
#: an answer within as many.
PATIENCE = 1.5
#: Seconds for which it waits in a line that moves. A crowd is answered, one after another.
LONGEST = 10.0


class Lane(Enum):
    """Kinds of requests."""

    HEALTH = "whether the process lives"
    OPERATORS = "whether it can record, and its measures: wanted most in a crowd"
    PAGES = "scripts: answered from memory, nearly all of them"
    CHECKS = "the check API"
    EXPORTS = "exports, which take as long as whoever reads them"
    REST = "decisions, everything else"


LANES = {
    Lane.HEALTH: re.compile(rb"(?:GET|HEAD) [^ ?]*/healthz[ ?]"),
    Lane.OPERATORS: re.compile(rb"(?:GET|HEAD) [^ ?]*/(?:readyz|metrics)[ ?]"),
    Lane.PAGES: re.compile(
        rb"(?:GET|HEAD) [^ ?]*/(?:s/[a-z0-9-]{3,40}\.js|widget/[\w-]{43}\.js)[ ?]"
    ),
    Lane.CHECKS: re.compile(rb"(?:GET|POST) [^ ?]*/v1/check[ ?]"),
    Lane.EXPORTS: re.compile(rb"(?:GET|HEAD) [^ ?]*/v1/sites/[^/ ?]+/export[ ?]"),
}


def lane_of(received: bytes | bytearray) -> Lane:
    """Return the lane of a request by its first line; whatever is unclear is of the last one."""
    return next((lane for lane, form in LANES.items() if form.match(received)), Lane.REST)


class LiningWorker(RefusingWorker):
    """Gives requests to threads."""

    def __init__(self, *args: Any, **options: Any):
        super().__init__(*args, **options)
        self.prepare_line()

    def prepare_line(self) -> None:
        """Begin with nobody in it."""
        #: Requests that have a thread, or wait for the next that is free.
        self._taken: Counter[Lane] = Counter()
        #: Requests whose lane is full, in their order.
        self._held: dict[Lane, deque[Connection]] = {lane: deque() for lane in Lane}
        #: Requests that were given to the threads, in this order, and may still wait for one.
        self._given: deque[Connection] = deque()
        #: When a request was last answered quickly.
        self._moved = dict.fromkeys(Lane, -LONGEST)

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Return the threads: what lanes share, those of operators, and one for health."""
        shared = self.cfg.threads + SPARE_THREADS
        return ThreadPoolExecutor(max_workers=shared + OPERATORS_THREADS + 1)

    def join_line(self, conn: Connection) -> None:
        """Give a request that is whole to a thread, now or when its lane has room."""
        conn.lane = lane_of(conn.received)
        conn.joined = time.monotonic()
        if self._has_room(conn.lane):
            self._give(conn)
        else:
            self._held[conn.lane].append(conn)

    def last_in_line(self, more_than: int) -> Connection | None:
        """Take the one who came last out of the longest line, if it has more than so many."""
        longest = max(self._held.values(), key=len)
        return longest.pop() if len(longest) > more_than else None

    def waiting_in_vain(self) -> list[Connection]:
        """Take those out of the line who waited too long."""
        now = time.monotonic()
        found = []
        for _ in range(len(self._given)):
            conn = self._given.popleft()
            if conn.given.running() or conn.given.done():
                continue
            if self._is_in_vain(conn, now) and conn.given.cancel():
                found.append(conn)
            else:
                self._given.append(conn)
        for held in self._held.values():
            while held and self._is_in_vain(held[0], now):
                found.append(held.popleft())
        return found

    def _is_in_vain(self, conn: Connection, now: float) -> bool:
        since = max(conn.joined, self._moved[conn.lane])
        return now - since > PATIENCE or now - conn.joined > LONGEST

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait, but not so long that somebody waits in vain."""
        super().wait_for_and_dispatch_events(min(timeout, PATIENCE / 3))

    def _has_room(self, lane: Lane) -> bool:
        """Whether one more of a kind leaves threads to the others.

        To health always one, to operators those of their own, to pages two, to checks and to
        decisions two of what the other may take; exports leave half of theirs to decisions.
        """
        if lane is Lane.HEALTH:
            return True
        if lane is Lane.OPERATORS:
            return self._taken[lane] < OPERATORS_THREADS
        checks, exports = self._taken[Lane.CHECKS], self._taken[Lane.EXPORTS]
        rest = self._taken[Lane.REST] + exports
        if lane is Lane.PAGES:
            taken = checks + rest + self._taken[Lane.PAGES]
            return bool(taken < self.cfg.threads + SPARE_THREADS)
        if checks + rest >= self.cfg.threads + SPARE_THREADS // 2:
            return False
        most = max(2, self.cfg.threads)
        if lane is Lane.EXPORTS and exports >= most // 2:
            return False
        return bool((checks if lane is Lane.CHECKS else rest) < most)

    def _give(self, conn: Connection) -> None:
        self._taken[conn.lane] += 1
        self._given.append(conn)
        conn.given = given = self.tpool.submit(self._begin, conn)
        given.add_done_callback(partial(self.method_queue.defer, self._leave, conn))

    def _begin(self, conn: Connection) -> Any:
        conn.begun = time.monotonic()
        return self.handle(conn)

    def _leave(self, conn: Connection, given: "Future[Any]") -> None:
        """Go on with a request that has no thread any more, and give others the room it had."""
        self._taken[conn.lane] -= 1
        now = time.monotonic()
        if not given.cancelled() and now - conn.begun < PATIENCE:
            self._moved[conn.lane] = now
        while fit := [held for lane, held in self._held.items() if held and self._has_room(lane)]:
            self._give(min(fit, key=lambda held: held[0].joined).popleft())
        if not given.cancelled():
            self.finish_request(conn, given)
