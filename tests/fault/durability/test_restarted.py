"""F-09: PostgreSQL crashes again and again under load. What was acknowledged is there, once.

The control, a service whose commits do not wait for the disk, must lose.
"""

import random
import time

import pytest

from consent_server.db import db
from tests.fault.durability.published import audited, published
from tests.fault.durability.visitors import Visitors, lost_and_doubled
from tests.fault.trials import SEED, Trials
from tests.machine import cluster, postgresql
from tests.server import SERVE, start

THREADS = 8
#: Durable, as a server is by default.
SETTINGS = {"listen_addresses": "127.0.0.1", "timezone": "UTC", "wal_writer_delay": "10s"}
LYING = """
from consent_server import db
honest = db.engine_options

def lying(settings):
    options = honest(settings)
    words = options["connect_args"]["options"]
    options["connect_args"]["options"] = words.replace("commit=on", "commit=off")
    return options

db.engine_options = lying
from consent_server.cli import main
main(["serve"])
"""


@pytest.fixture
def server():
    """A PostgreSQL server of our own; gives what ends it as a crash does, and starts it again."""
    tool = postgresql.find()
    if tool is None:
        pytest.fail(f"no PostgreSQL server on this machine; {postgresql.REMEDY}", pytrace=False)
    running = cluster.start(tool, SETTINGS)

    def crash():
        running.fail()
        cluster.start_again(running, tool, SETTINGS)

    running.crash = crash
    yield running
    running.stop()


@pytest.fixture
def app(server, tmp_path):
    """The site ``demo`` on that server."""
    with published(server.url(), tmp_path / "data") as made:
        yield made


def crashes(app, server, tmp_path, trials, program=SERVE):
    """Let the server crash at random moments under load; gives the visitors, and the log."""
    chance = random.Random(SEED)
    service = start(app.environment, tmp_path, program)
    try:
        with Visitors(lambda: service.port, THREADS, SEED) as visitors:
            for _ in trials:
                visitors.wait_for(chance.randint(1, 60))
                time.sleep(chance.random() * 0.01)
                server.crash()
            visitors.wait_for(1)
    finally:
        log = service.stop()
    with app.app_context():
        db.engine.dispose()  # its connections are those of a server that crashed
    return visitors, log


def test_a_database_that_crashes_loses_nothing_that_was_acknowledged(app, server, tmp_path):
    trials = Trials("F-09", "PostgreSQL crashes under load", planned=200)

    visitors, log = crashes(app, server, tmp_path, trials)

    lost, doubled, twice = lost_and_doubled(app, visitors)
    trials.counts.update(acknowledged=len(visitors.acknowledged), **visitors.counts)
    for kept in lost:
        trials.fail(0, f"lost: {kept}")
    trials.close(engine="postgresql")
    assert visitors.wrong == [], log
    assert (lost, doubled, twice) == ([], 0, 0), log
    assert visitors.counts["503"] > 0  # it was away while somebody decided
    assert audited(app) == []


def test_the_control_whose_commits_do_not_wait_loses(app, server, tmp_path):
    trials = Trials("F-09 control", "commits that do not wait", planned=3)

    visitors, _ = crashes(app, server, tmp_path, trials, ("-c", LYING))

    lost, _, _ = lost_and_doubled(app, visitors)
    assert lost
