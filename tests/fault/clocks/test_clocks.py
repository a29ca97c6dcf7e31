"""F-23: two services on one database, the clock of one of them wrong: by seconds, hours, years.

Whoever says no is heard everywhere at once, whichever clock wrote the yes; no yes is made of it; no
record's time falls; the log is signed, and nothing is ended or erased by a clock that is ahead. The
control goes by its own clock alone, and a withdrawal is lost.
"""

import json
import secrets
import threading
from itertools import pairwise

import pytest
import sqlalchemy as sa

from consent_server import background
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.ledger.canonical import base64url_encode
from consent_server.log.models import LogEntry
from consent_server.retention.service import ClockAhead, require_clock
from consent_server.web.clock import now
from tests.builders import ORIGIN, acceptance, withdrawal
from tests.fault.durability.published import audited
from tests.fault.server.clients import wait_until
from tests.fault.trials import Trials
from tests.server import SERVE, start

DAY = 86_400
#: Seconds by which the clock of the second service differs.
OFFSETS = (-1, -59, -3600, 59, 3600, DAY, 400 * DAY, 12 * 365 * DAY)
PAGE = {"Origin": ORIGIN, "Content-Type": "text/plain;charset=UTF-8"}
FORGETFUL = """
from datetime import UTC, datetime
from consent_server.consents import records
latest = records._latest
records._latest = lambda record: (datetime(2000, 1, 1, tzinfo=UTC), latest(record)[1])
from consent_server.cli import main
main(["serve"])
"""

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Two:
    """Two services, and what visitors say to either."""

    def __init__(self, right, wrong, clock, key):
        self.right, self.wrong = right, wrong
        self._clock = clock
        self._key = key

    def set(self, offset):
        """Let the second service's clock differ by so many seconds."""
        self._clock.write_text(str(offset))

    def decide(self, service, body):
        status, _, answer = service.request(
            "POST", "/v1/sites/demo/consents", json.dumps(body), PAGE
        )
        assert status == 201, answer
        return json.loads(answer)

    def is_granted(self, token):
        """Return what both services say of a token."""
        path = f"/v1/check?site=demo&category=analytics&token={token}"
        answers = [each.request("GET", path, None, self._key) for each in (self.right, self.wrong)]
        return [json.loads(body)["granted"] for _, _, body in answers]


@pytest.fixture
def two(environment, publish, api_key, tmp_path):
    """The site ``demo``, served twice."""
    publish("demo")
    running = []

    def two(program=SERVE):
        clock = tmp_path / "clock"
        clock.write_text("0")
        few = {"CONSENT_WORKERS": "1", "CONSENT_PUBLIC_URL": "http://127.0.0.1:1"}
        settings = {**environment, **few, "CONSENT_MERGE_DELAY": "2"}
        for name, more in (("right", {}), ("wrong", {"CONSENT_DEMO_CLOCK": str(clock)})):
            (tmp_path / name).mkdir()
            running.append(start({**settings, **more}, tmp_path / name, program))
        return Two(*running, clock, api_key("check"))

    yield two
    for service in running:
        service.stop()


def a_life(two, first, then):
    """Somebody grants here, withdraws there, grants there, withdraws here; yield what is told."""
    consent_id = base64url_encode(secrets.token_bytes(16))
    token = two.decide(first, acceptance(1, consent_id=consent_id))["token"]
    yield two.is_granted(token)
    two.decide(then, withdrawal(2, consent_id=consent_id))
    yield two.is_granted(token)
    again = two.decide(then, acceptance(3, consent_id=consent_id))["token"]
    yield two.is_granted(again)
    two.decide(first, withdrawal(4, consent_id=consent_id))
    yield two.is_granted(again)


def test_a_no_is_heard_whichever_clock_is_wrong(app, two):
    trials = Trials("F-23", "one of two clocks is wrong", len(OFFSETS) * 20, least=len(OFFSETS))
    services = two()
    for number in trials:
        offset = OFFSETS[number % len(OFFSETS)]
        services.set(offset)
        pair = services.right, services.wrong
        for first, then in (pair, pair[::-1]):
            granted, withdrawn, renewed, ended = a_life(services, first, then)
            if withdrawn != [False, False] or ended != [False, False]:
                trials.fail(number, f"{offset} s: a no is not heard")
            if abs(offset) <= 59 and (granted, renewed) != ([True, True], [True, True]):
                trials.fail(number, f"{offset} s: a good token is refused")
    services.set(0)
    trials.close(engine="postgresql")
    assert trials.failures == []

    def is_sealed():
        with app.app_context():
            records = set(db.session.scalars(sa.select(ConsentRecord.record_id)))
            return not records - set(db.session.scalars(sa.select(LogEntry.record_id)))

    wait_until(is_sealed)  # though the one that was years ahead had the lease
    with app.app_context():
        rows = db.session.execute(
            sa.select(ConsentRecord.subject, ConsentRecord.n, ConsentRecord.recorded_at)
            .where(ConsentRecord.event != "expired")
            .order_by(ConsentRecord.subject, ConsentRecord.n)
        ).all()
        db.session.rollback()
    for before, after in pairwise(rows):
        assert before.subject != after.subject or before.recorded_at < after.recorded_at
    assert audited(app) == []


def test_the_control_that_goes_by_its_own_clock_loses_a_withdrawal(two):
    services = two(("-c", FORGETFUL))
    services.set(59)
    _, withdrawn, *_ = a_life(services, services.wrong, services.right)

    assert withdrawn != [False, False]


def test_nothing_is_ended_or_erased_by_a_clock_that_is_ahead(
    app, publish, decide, clock, records, monkeypatch
):
    decide(acceptance())
    clock.set("2099-01-01T00:00:00+00:00")
    told = threading.Event()
    monkeypatch.setattr(background, "HOUSEKEEPING_EVERY", 0)
    monkeypatch.setattr(background.log, "warning", lambda *_, **about: told.set() or stop(about))

    def stop(about):
        raise SystemExit(about["error"])

    with pytest.raises(SystemExit, match="ClockAhead"):
        background._keep_house(app)

    assert told.is_set()
    assert len(records()) == 1
    with app.app_context(), pytest.raises(ClockAhead):
        require_clock(now())


def test_a_log_is_signed_again_once_a_clock_that_was_ahead_is_right(app, decide, clock, seal):
    right = clock.instant
    decide(acceptance())
    clock.advance(days=1)
    seal()
    clock.set(right)
    decide(withdrawal(2))
    seal()

    with app.app_context():
        records = set(db.session.scalars(sa.select(ConsentRecord.record_id)))
        assert records - set(db.session.scalars(sa.select(LogEntry.record_id))) == set()
