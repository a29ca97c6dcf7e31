"""F-01 and F-38: kill -9 at random moments under load. What was acknowledged is there, once.

The control acknowledges before it has committed, and must lose. ``kill -9`` says nothing about a
power cut: what a process has handed to the operating system outlives it.
"""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.log.models import LogEntry
from consent_server.sealing.audit import Audit
from consent_server.sealing.service import seal
from tests.fault.durability.service import Killed
from tests.fault.durability.visitors import Visitors, lost_and_doubled
from tests.fault.trials import IS_REPORTED, SEED, Trials

#: Of so many deaths one takes the whole service; the others only what answers.
ONE_IN = 10
THREADS = 8
#: Decisions between two deaths.
MOST = 200 if IS_REPORTED else 40
LYING = """
import time
from consent_server import committing
from consent_server.cli import main

end = committing._Transaction.end

def end_late(self):
    time.sleep(0.03)
    end(self)

committing._Transaction.end = end_late
committing._Transaction.wait = lambda self: None
main(["serve"])
"""


def deaths(service, visitors, trials):
    """Kill the service again and again, at a random moment at which it is at work."""
    chance = random.Random(SEED)
    for number in trials:
        visitors.wait_for(chance.randint(1, MOST))
        time.sleep(chance.random() * 0.01)
        if number % ONE_IN == ONE_IN - 1:
            service.kill()
        else:
            service.kill_workers()


def test_nothing_acknowledged_is_lost_or_doubled(app, environment, publish, tmp_path, notary):
    publish("demo")
    engine = app.extensions["consent_settings"].database_url.partition(":")[0].partition("+")[0]
    trials = Trials(f"F-01 {engine}", "kill -9 under load", planned=1000, least=ONE_IN)
    service = Killed({**environment, "CONSENT_MERGE_DELAY": "2"}, tmp_path)
    with Visitors(service.port, THREADS, SEED) as visitors:
        deaths(service, visitors, trials)
        visitors.wait_for(1)
    log = service.server.stop()

    lost, doubled, twice = lost_and_doubled(app, visitors)
    trials.counts.update(acknowledged=len(visitors.acknowledged), **visitors.counts)
    for kept in lost:
        trials.fail(0, f"lost: {kept}")
    trials.close(engine=engine)
    assert visitors.wrong == [], log
    assert (lost, doubled, twice) == ([], 0, 0), log
    assert visitors.counts["no answer"] > 0  # it was killed at work
    with app.app_context():
        # A minute on, whoever was killed at it no longer has the lease of the log.
        seal("demo", notary, datetime.now(UTC) + timedelta(minutes=1))
        sealed = set(db.session.scalars(sa.select(LogEntry.record_id)))
        assert {kept.record_id for kept in visitors.acknowledged} - sealed == set()
        assert [str(finding) for finding in Audit("demo", notary).findings()] == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_control_that_answers_before_it_commits_loses(app, environment, publish, tmp_path):
    publish("demo")
    service = Killed(environment, tmp_path, ("-c", LYING))
    lost = []
    with Visitors(service.port, THREADS, SEED) as visitors:
        for _ in range(40):
            visitors.wait_for(1)
            time.sleep(0.02)
            service.kill_workers()
            lost, _, _ = lost_and_doubled(app, visitors)
            if lost:
                break
    service.server.stop()

    assert lost
