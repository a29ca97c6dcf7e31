"""F-36 and F-38: a long run, reloads, restarts of PostgreSQL. Nothing is lost, nothing grows.

It is measured in requests, not in hours: eight hours at fifty a second are seven times as many.
Each acknowledged decision must be in the log within a minute of the service's own clock, and proofs
of some hundred must verify. The control keeps two KiB of each request, and must be found.
"""

import json
import signal
from bisect import bisect_right
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from consent_server import verification
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.log.models import LogEntry, QueuedEntry, SignedCheckpoint
from consent_server.sites.keys import create_key
from tests.fault.durability.published import audited, published
from tests.fault.durability.service import Killed
from tests.fault.durability.visitors import lost_and_doubled
from tests.fault.soak import judging, served
from tests.fault.soak.mix import SITE, Mix
from tests.fault.soak.soaking import soak
from tests.fault.soak.traffic import Traffic
from tests.fault.soak.watching import wait_until
from tests.fault.trials import IS_REPORTED, SEED, SMALL_SHARE, Trials
from tests.machine import cluster, postgresql

#: In all; a reload comes with each twentieth of them, and with fewer only after so many. With every
#: second one comes a restart of PostgreSQL.
REQUESTS, RELOADS, LEAST = 200_000, 20, 2_000
CLIENTS = 8
#: Within which a record is in the log; the service is told two seconds.
PROMISED = timedelta(seconds=60)
#: Records whose proof is asked for and verified.
PROOFS = 2_000 if IS_REPORTED else 200
#: Requests of the control.
FEW = 1_100
DURABLE = {"listen_addresses": "127.0.0.1", "timezone": "UTC"}


class Restarted:
    """A PostgreSQL server of our own, which is stopped in order and started again."""

    def __init__(self):
        self._tool = postgresql.find()
        if self._tool is None:
            pytest.fail(f"no PostgreSQL server on this machine; {postgresql.REMEDY}", pytrace=False)
        self._running = cluster.start(self._tool, DURABLE)
        self.url = self._running.url()
        self.stop = self._running.stop

    def restart(self):
        self._running.process.send_signal(signal.SIGINT)
        self._running.process.wait(60)
        cluster.start_again(self._running, self._tool, DURABLE)


@pytest.fixture
def engine(request):
    return request.param


@pytest.fixture
def server(engine):
    if engine == "sqlite":
        yield SimpleNamespace(restart=lambda: None)
        return
    running = Restarted()
    yield running
    running.stop()


@pytest.fixture
def app(engine, server, tmp_path):
    """The site ``demo``; what the service keeps is below ``kept``."""
    for name in ("kept", "kept/tmp", "told"):
        (tmp_path / name).mkdir()
    url = server.url if engine == "postgresql" else f"sqlite:///{tmp_path / 'kept' / 'consent.db'}"
    with published(url, tmp_path / "kept" / "data") as made:
        yield made


@pytest.fixture
def key(app):
    with app.app_context():
        _, key = create_key("demo", ("check", "export"), datetime.now(UTC))
        db.session.remove()
        db.engine.dispose()
    return {"Authorization": f"Bearer {key}"}


@contextmanager
def serving(app, folder, **settings):
    environment = {
        **app.environment,
        "CONSENT_THREADS": str(judging.THREADS),
        "TMPDIR": str(folder / "kept" / "tmp"),
        served.TOLD: str(folder / "told"),
        **settings,
    }
    service = Killed(environment, folder, ("-m", "tests.fault.soak.served"))
    try:
        yield service
    finally:
        service.server.stop()


def asked(service, engine, key):
    def mix(traffic):
        return Mix(traffic, key)

    return Traffic(service.port(), CLIENTS, SEED, mix, may_be_away=engine == "postgresql")


def times_to_the_log(app):
    """Return how long each record waited for the head that has it, by the service's clock.

    A head has the time at which its round began: what came later, and is in it, has not waited.
    """
    wait_until(lambda: not rows(app, sa.select(QueuedEntry.queue_id)), "something is not sealed")
    heads = rows(app, sa.select(SignedCheckpoint.size, SignedCheckpoint.signed_at).order_by("size"))
    sizes = [head.size for head in heads]
    placed = sa.select(LogEntry.record_id, LogEntry.leaf_index, ConsentRecord.recorded_at)
    placed = placed.join(ConsentRecord, ConsentRecord.record_id == LogEntry.record_id)
    return {
        row.record_id: max(
            timedelta(0), heads[bisect_right(sizes, row.leaf_index)].signed_at - row.recorded_at
        )
        for row in rows(app, placed)
    }


def rows(app, query):
    with app.app_context():
        found = db.session.execute(query).all()
        db.session.rollback()
    return found


def unproven(service, key, records):
    """Ask for the proof of each record; gives those that do not verify."""
    vkey = service.server.request("GET", f"{SITE}/log/key")[2].decode().strip()
    wrong = []
    for record in records:
        _, _, body = service.server.request("GET", f"{SITE}/consents/{record}/proof", headers=key)
        report = verification.Report(record)
        pack = json.loads(body)
        verification.verify_pack(pack, verification.Trusted(vkey), report)
        if not report.is_good or pack["record"]["record_id"] != record:
            wrong.append(f"{record}: {report.problems}")
    return wrong


@pytest.mark.one_row_in(2)  # an engine
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"], indirect=True)
def test_many_requests_lose_nothing_and_leave_nothing_behind(engine, server, app, key, tmp_path):
    trials = Trials(
        f"F-36 {engine}", "requests, with reloads and restarts", REQUESTS, 1_200, SMALL_SHARE
    )
    rounds = max(2, min(RELOADS, trials.count // LEAST))
    with serving(app, tmp_path) as service:
        traffic = asked(service, engine, key)
        soaked = soak(service, traffic, tmp_path, trials.count, rounds, server.restart)
        assert traffic.wrong == [], service.server.log.read_text()[-5_000:]
        with app.app_context():
            db.engine.dispose()  # its connections are of a server that was restarted
        waited = times_to_the_log(app)
        kept = traffic.still_kept()
        proven = trials.random.sample(kept, min(PROOFS, len(kept)))
        wrong = unproven(service, key, [one.record_id for one in proven])
    log = service.server.stop()

    lost, doubled, twice = lost_and_doubled(app, traffic)
    trials.done = min(trials.count, traffic.answered)
    trials.times = [1000 * one.total_seconds() for one in waited.values()]
    told = [*judging.found(soaked), *wrong, *map("lost: {}".format, lost)]
    for number, line in enumerate(told):
        trials.fail(number, line)
    trials.counts.update(
        {
            "acknowledged": len(kept),
            "erased": len(traffic.erased),
            "proofs": len(proven),
            "reloads": rounds - 1,
            **{
                f"KiB in 1,000 requests, {of}": round(judging.growth(soaked, of))
                for of in (*judging.MOST_KIB, "private")
            },
            "503": traffic.counts["503"],
        }
    )
    trials.close(engine=engine)
    assert told == [], log[-5_000:]
    assert (lost, doubled, twice) == ([], 0, 0)
    assert {one.record_id for one in kept} - waited.keys() == set()
    assert traffic.erased & waited.keys() == set()
    assert max(waited.values()) < PROMISED
    assert audited(app) == []
    # An export that the database left in its middle is told of, and nothing else.
    told_of = [line for line in log.splitlines() if "Traceback" in line]
    assert len(told_of) <= traffic.counts["cut off"]


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_the_control_that_forgets_nothing_is_found(engine, server, app, key, tmp_path):
    with serving(app, tmp_path, **{served.FORGETS_NOTHING: "1"}) as service:
        traffic = asked(service, engine, key)
        soaked = soak(service, traffic, tmp_path, FEW, 1, server.restart)

    found = {told.partition(":")[0] for told in judging.found(soaked)}
    assert found >= {"memory, small", "descriptors of 0"}
