"""F-12: the primary dies and its standby takes over, again and again, under load.

With a synchronous standby nothing that was acknowledged is lost. The control, a standby that nobody
waits for and that had fallen behind, loses.
"""

import random
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.fault.durability.published import audited, published
from tests.fault.durability.visitors import Visitors, lost_and_doubled
from tests.fault.trials import SEED, Trials
from tests.machine import cluster, postgresql
from tests.machine.cluster import Cluster
from tests.server import start

THREADS = 6
SETTINGS = {"listen_addresses": "127.0.0.1", "timezone": "UTC", "max_connections": "60"}
#: Any standby that follows has to have a commit before it is answered.
WAITED_FOR = {**SETTINGS, "synchronous_standby_names": "*"}
#: Seconds within which a standby follows, or stops to.
PATIENCE = 30


class Pair:
    """A primary and its standby, at two addresses that do not change."""

    def __init__(self, settings: dict[str, str]):
        tool = postgresql.find()
        if tool is None:
            pytest.fail(f"no PostgreSQL server on this machine; {postgresql.REMEDY}", pytrace=False)
        self._tool = tool
        self._settings = settings
        # Alone, it waits for nobody.
        self.primary = cluster.start(tool, SETTINGS)
        self.standby = cluster.follow(self.primary, tool, settings)
        self._ask(self.primary, f"ALTER SYSTEM SET synchronous_standby_names = '{self._names}'")
        self._ask(self.primary, "SELECT pg_reload_conf()")
        ports = (self.primary.port, self.standby.port)
        hosts = "&".join(f"host=127.0.0.1:{port}" for port in ports)
        self.url = f"postgresql+psycopg://consent@/postgres?{hosts}"

    @property
    def _names(self) -> str:
        return self._settings.get("synchronous_standby_names", "")

    def fail_over(self) -> None:
        """End the primary as a crash does, let the standby take its place, and give it another."""
        dead = self.primary
        dead.fail()
        self._ask(self.standby, "SELECT pg_promote()")
        dead.stop()
        self.primary = self.standby
        self.standby = cluster.follow(self.primary, self._tool, self._settings, dead.port)

    def fall_behind(self) -> None:
        """Let the standby follow no longer; it still could take over."""
        self._ask(self.standby, "ALTER SYSTEM SET primary_conninfo = ''")
        self._ask(self.standby, "SELECT pg_reload_conf()")
        deadline = time.monotonic() + PATIENCE
        while self._ask(self.standby, "SELECT count(*) FROM pg_stat_wal_receiver"):
            assert time.monotonic() < deadline, "the standby follows still"

    def stop(self) -> None:
        """Stop both."""
        self.primary.stop()
        self.standby.stop()

    def _ask(self, server: Cluster, statement: str) -> int:
        with psycopg.connect(server.url().replace("+psycopg", ""), autocommit=True) as connection:
            answer = connection.execute(statement)
            row = answer.fetchone() if answer.description else None
            return int(row[0]) if row else 0


@pytest.fixture
def pair(request) -> Iterator[Pair]:
    """Two servers; the first is waited for or not, as the test says."""
    made = Pair(request.param)
    yield made
    made.stop()


@pytest.fixture
def app(pair, tmp_path):
    """The site ``demo`` on both."""
    with published(pair.url, tmp_path / "data") as made:
        yield made


@pytest.mark.parametrize("pair", [WAITED_FOR], indirect=True, ids=["waited for"])
def test_a_standby_that_is_waited_for_has_all_that_was_acknowledged(app, pair, tmp_path):
    trials = Trials("F-12", "the primary dies, its standby takes over", planned=50, least=2)
    chance = random.Random(SEED)
    service = start(app.environment, tmp_path)
    try:
        with Visitors(lambda: service.port, THREADS, SEED) as visitors:
            for _ in trials:
                visitors.wait_for(chance.randint(1, 60))
                pair.fail_over()
            visitors.wait_for(1)
    finally:
        log = service.stop()

    lost, doubled, twice = lost_and_doubled(app, visitors)
    trials.counts.update(acknowledged=len(visitors.acknowledged), **visitors.counts)
    for kept in lost:
        trials.fail(0, f"lost: {kept}")
    trials.close(engine="postgresql")
    assert visitors.wrong == [], log
    assert (lost, doubled, twice) == ([], 0, 0), log
    assert audited(app) == []


@pytest.mark.parametrize("pair", [SETTINGS], indirect=True, ids=["not waited for"])
def test_the_control_a_standby_that_fell_behind_loses(app, pair, tmp_path):
    service = start(app.environment, tmp_path)
    try:
        with Visitors(lambda: service.port, THREADS, SEED) as visitors:
            visitors.wait_for(20)
            pair.fall_behind()
            visitors.wait_for(20)
            pair.fail_over()
            visitors.wait_for(1)
    finally:
        service.stop()

    assert lost_and_doubled(app, visitors)[0]
