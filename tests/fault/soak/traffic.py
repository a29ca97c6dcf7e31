"""All that is asked of a service, by many, for a long time; every acknowledgement is kept."""

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.fault.durability.visitors import PAUSE, Acknowledged

#: Seconds that an answer may take, and seconds in which whoever asks again is answered.
PATIENCE = 60.0
#: Networks that visitors come from, as a proxy tells them.
NETWORKS = 50


@dataclass(frozen=True)
class Answer:
    """What came back; ``status`` is 0 where nothing did."""

    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """One who asks, on a connection of its own for each question or on one that is kept."""

    def __init__(self, traffic: "Traffic", number: int):
        self.chance = random.Random(f"{traffic.seed} {number}")
        self._traffic = traffic
        self._keeps = number % 2 == 0
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self,
        kind: str,
        path: str,
        *expected: int,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Ask, and again while the database is away or too much was asked.

        :param kind: what it is counted as
        :param expected: each status that it may be answered with
        """
        deadline = time.monotonic() + PATIENCE
        network = self.chance.randrange(NETWORKS)
        told = {"X-Forwarded-For": f"198.51.{network}.7", **(headers or {})}
        while True:
            answer = self._ask_once(method, path, body, told)
            self._traffic.count(kind, answer, expected)
            if answer.status not in (429, 503) or time.monotonic() > deadline:
                return answer
            time.sleep(PAUSE)

    def _ask_once(
        self, method: str, path: str, body: str | bytes | None, headers: dict[str, str]
    ) -> Answer:
        connection = self._connection or http.client.HTTPConnection(
            "127.0.0.1", self._traffic.port, timeout=PATIENCE
        )
        self._connection = None
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            return Answer(0, {}, repr(error).encode())
        if self._keeps and not answer.will_close:
            self._connection = connection
        else:
            connection.close()
        return Answer(answer.status, dict(answer.headers), content)

    def close(self) -> None:
        """Leave."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


#: Asks one thing, or several that belong together.
Asking = Callable[[Client], object]


class Traffic:
    """Several clients, each of which asks one thing after another out of a mix."""

    def __init__(
        self,
        port: int,
        count: int,
        seed: object,
        mix: Callable[["Traffic"], Asking],
        *,
        may_be_away: bool,
    ):
        """:param count: of clients
        :param mix: makes what one client goes through, again and again
        :param may_be_away: whether the database is; 503 is an answer then
        """
        self.port = port
        self.seed = seed
        self.answered = 0
        self.acknowledged: list[Acknowledged] = []
        #: Ids of records that were acknowledged, and erased later.
        self.erased: set[str] = set()
        self.counts: Counter[str] = Counter()
        #: Answers that nobody should have been given.
        self.wrong: list[str] = []
        self.may_be_away = may_be_away
        self._mix = mix
        self._lock = threading.Lock()
        self._count = count
        self.begin_anew()

    def begin_anew(self) -> None:
        """Let each client go through all that there is again, as where new processes answer."""
        self._clients = [(Client(self, number), self._mix(self)) for number in range(self._count)]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the clients ask; at the end each has been answered, and has left for the moment."""
        over = threading.Event()
        threads = [
            threading.Thread(target=self._go, args=(*client, over)) for client in self._clients
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def wait_until(self, answered: int) -> None:
        """Return when so many requests were answered in all."""
        deadline = time.monotonic() + 2 * PATIENCE
        while self.answered < answered and not self.wrong:
            assert time.monotonic() < deadline, "nobody answers"
            time.sleep(0.002)

    def keep(self, *records: Acknowledged) -> None:
        """Note what the service says that it keeps."""
        with self._lock:
            self.acknowledged.extend(records)

    def forget(self, records: list[Acknowledged]) -> None:
        """Note that they were erased."""
        with self._lock:
            self.erased.update(record.record_id for record in records)

    def still_kept(self) -> list[Acknowledged]:
        """Return what was acknowledged and has to be there, as long as nobody asks."""
        self.acknowledged = [one for one in self.acknowledged if one.record_id not in self.erased]
        return self.acknowledged

    def count(self, kind: str, answer: Answer, expected: tuple[int, ...]) -> None:
        """Count an answer."""
        may_be = {429, *((503,) if self.may_be_away else ()), *expected}
        with self._lock:
            self.answered += 1
            self.counts[kind] += 1
            if answer.status in (429, 503):
                self.counts[str(answer.status)] += 1
            self.counts["cut off"] += answer.status == 0
            if answer.status not in may_be:
                self.wrong.append(f"{kind}: {answer.status} {answer.body[:300]!r}")

    def _go(self, client: Client, ask: Asking, over: threading.Event) -> None:
        try:
            while not over.is_set():
                ask(client)
        except Exception as error:  # noqa: BLE001 (a client that ends early would be missed)
            self.wrong.append(repr(error))
        finally:
            client.close()
