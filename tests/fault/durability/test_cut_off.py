"""F-10 and F-11: connections to PostgreSQL end while decisions are on their way.

Whoever loses the answer to a commit cannot know what became of it: such a decision is answered 503,
asked again under its key, and there once. The control asks again under another key, and doubles.
"""

import time
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from consent_server.sealing.audit import Audit
from consent_server.sealing.service import seal
from tests.fault.durability.cutting import in_between
from tests.fault.durability.visitors import Visitors, lost_and_doubled
from tests.fault.trials import SEED, Trials
from tests.server import start

THREADS = 8
#: Seconds in which a decision comes by; there are hundreds.
PATIENCE = 30.0
#: Twice as many as the others: these are the ambiguous ones.
MOMENTS = ("after", "before", "after", "during")

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def cutting(environment, publish):
    """The site ``demo`` is published; the service will go to its database by way of this."""
    publish("demo")
    with in_between(environment) as made:
        yield made


def cut_off(cutting, environment, tmp_path, trials, *, forgetful=False):
    """Cut connections under load; gives the visitors, and the log of the service."""
    service = start({**environment, "CONSENT_MERGE_DELAY": "2"}, tmp_path)
    visitors = Visitors(lambda: service.port, THREADS, SEED, forgetful=forgetful)
    try:
        with visitors:
            for number in trials:
                visitors.wait_for(trials.random.randint(0, 4))
                if not cutting.cut(MOMENTS[number % len(MOMENTS)], PATIENCE):
                    trials.fail(number, "no decision came by")
            visitors.wait_for(THREADS)
    finally:
        log = service.stop()
    return visitors, log


def connected(environment):
    """Return a connection to the database that is not the service's."""
    url = environment["DATABASE_URL"].replace("+psycopg", "", 1)
    return psycopg.connect(url, autocommit=True)


def audited(app, notary):
    """Return what the audit finds after everything was sealed."""
    with app.app_context():
        seal("demo", notary, datetime.now(UTC) + timedelta(minutes=1))
        return [str(finding) for finding in Audit("demo", notary).findings()]


def judge(app, visitors, trials, log):
    """Fail unless everything acknowledged is there, and nothing is there twice."""
    lost, doubled, twice = lost_and_doubled(app, visitors)
    trials.counts.update(acknowledged=len(visitors.acknowledged), **visitors.counts)
    for kept in lost:
        trials.fail(0, f"lost: {kept}")
    trials.close(engine="postgresql")
    assert trials.failures == []
    faults = [line for line in log.splitlines() if '"request_failed"' in line]
    assert (visitors.wrong, faults) == ([], [])
    assert (lost, doubled, twice) == ([], 0, 0)


def test_a_commit_whose_answer_is_lost_is_kept_once(app, cutting, environment, notary, tmp_path):
    trials = Trials("F-10", "cut off before, at and after a commit", planned=2000, least=12)

    visitors, log = cut_off(cutting, environment, tmp_path, trials)

    judge(app, visitors, trials, log)
    # Every second cut came after a commit, now and then one of the sealing: asked again, the
    # decisions were there.
    assert visitors.counts["kept, not answered"] >= trials.done // 4
    assert audited(app, notary) == []


def test_the_control_that_forgets_its_keys_doubles(app, cutting, environment, tmp_path):
    trials = Trials("F-10 control", "asked again under another key", planned=40, least=40)

    visitors, _ = cut_off(cutting, environment, tmp_path, trials, forgetful=True)

    _, doubled, _ = lost_and_doubled(app, visitors)
    assert doubled > 0


def test_connections_that_are_ended_by_the_dozen_lose_nothing(
    app, publish, environment, notary, tmp_path
):
    publish("demo")
    trials = Trials("F-11", "every connection is ended", planned=1000, least=12)
    service = start({**environment, "CONSENT_MERGE_DELAY": "2"}, tmp_path)
    visitors = Visitors(lambda: service.port, THREADS, SEED)
    all_others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    try:
        with visitors, connected(environment) as admin:
            for _ in trials:
                visitors.wait_for(trials.random.randint(1, 20))
                time.sleep(trials.random.random() * 0.01)
                admin.execute(all_others)
            visitors.wait_for(THREADS)
    finally:
        log = service.stop()

    judge(app, visitors, trials, log)
    assert visitors.counts["503"] > 0  # somebody's connection was ended at work
    assert audited(app, notary) == []
