"""A process that ends in order, at a stop or a reload, leaves no log that nobody may seal."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.log.models import Lease, QueuedEntry
from tests.fault.asking import DECISION
from tests.fault.server.clients import wait_until
from tests.server import start

#: A log takes its time: the stop comes while it is sealed.
SLOW = """
import time
from consent_server.sealing import service
batch = service._seal_batch

def slowly(*given):
    time.sleep(0.5)
    return batch(*given)

service._seal_batch = slowly
from consent_server.cli import main
main(["serve"])
"""


@pytest.fixture
def service(app, environment, publish, tmp_path):
    publish("demo")
    running = start({**environment, "CONSENT_MERGE_DELAY": "2"}, tmp_path, ("-c", SLOW))
    yield running
    running.stop()


def first(app, query):
    with app.app_context():
        found = db.session.scalar(query)
        db.session.rollback()
    return found


def is_sealing(app):
    until = first(app, sa.select(Lease.until))
    return until is not None and until > datetime.now(UTC)


def test_a_stop_lets_the_log_that_is_being_sealed_be_done(app, service):
    assert DECISION.ask(service.port).status == 201
    wait_until(lambda: is_sealing(app))

    service.stop()

    assert not is_sealing(app)
    assert first(app, sa.select(QueuedEntry.queue_id)) is None
