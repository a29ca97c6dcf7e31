"""The end of a consent is recorded once, when its time is over."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.retention import service
from tests.builders import (
    ALL,
    OTHER_VISITOR,
    VISITOR,
    a_decision,
    acceptance,
    refusal,
    withdrawal,
)
from tests.log.tampering import unguarded


@pytest.fixture
def lapse(app, clock):
    """Do the housekeeping at the clock's instant; gives the number of records made."""

    def lapse():
        with app.app_context():
            return service.record_lapses(clock.instant)

    return lapse


def events(records):
    return [record["event"] for record in records]


def granted(record):
    return {id_ for id_, held in record["categories"].items() if held["granted"]} - {"necessary"}


def test_a_consent_expires_at_its_last_instant_and_not_before(decide, lapse, records, clock):
    given = decide(acceptance())
    clock.set("2027-11-22T19:59:59.999+00:00")
    early = lapse()
    clock.advance(milliseconds=1)
    done = lapse()

    assert (early, done) == (0, 1)
    assert events(records()) == ["given", "expired"]
    expired = records()[1]
    assert expired["previous"] == given.json["record_id"]
    assert expired["recorded_at"] == "2027-11-22T20:00:00.000Z"
    assert (expired["action"], expired["method"]) == (None, None)
    assert granted(expired) == set()
    unchanged = ("bundle", "build", "language", "policy_version", "profile", "gpc", "subject", "n")
    assert {name: expired[name] for name in unchanged} == {
        name: records()[0][name] for name in unchanged
    }


def test_an_expiry_is_recorded_once_however_often_somebody_looks(decide, lapse, records, clock):
    decide(acceptance())
    clock.set("2028-01-01T00:00:00+00:00")

    assert [lapse(), lapse()] == [1, 0]
    clock.advance(days=400)
    assert lapse() == 0
    assert events(records()) == ["given", "expired"]


def test_refusals_and_withdrawals_do_not_expire(decide, lapse, records, clock):
    decide(refusal())
    decide(acceptance())
    clock.advance(minutes=1)
    decide(withdrawal(2))
    clock.set("2028-01-01T00:00:00+00:00")

    assert lapse() == 0
    assert len(records()) == 3


def test_many_visitors_expire_each_on_their_own(decide, lapse, records, clock, monkeypatch):
    monkeypatch.setattr(service, "BATCH", 2)
    for letter in "ABCDE":
        decide(acceptance(consent_id=letter * 21 + "A"))
    clock.set("2027-11-22T20:00:00+00:00")

    assert lapse() == 5
    assert sorted(events(records())) == ["expired"] * 5 + ["given"] * 5


def test_an_older_decision_that_came_late_does_not_hide_the_expiry(decide, lapse, records, clock):
    decide(acceptance(2))
    clock.advance(minutes=1)
    decide(acceptance(1))
    clock.set("2027-11-22T20:00:00+00:00")

    assert lapse() == 1
    assert events(records()) == ["given", "given", "expired"]


def test_each_category_expires_at_its_own_time(decide, lapse, records, clock):
    decide(acceptance())
    clock.set("2027-03-01T00:00:00+00:00")
    decide(a_decision(n=2, categories={"marketing": True}))
    clock.set("2027-11-22T20:00:00+00:00")
    first = lapse(), granted(records()[-1]), records()[-1]["expires_at"]
    again = lapse()
    clock.set("2028-03-01T00:00:00+00:00")
    second = lapse(), granted(records()[-1])
    clock.advance(days=1)

    assert first == (1, {"marketing"}, "2028-03-01T00:00:00.000Z")
    assert again == 0
    assert second == (1, set())
    assert lapse() == 0
    assert events(records()) == ["given", "renewed", "expired", "expired"]


def test_a_consent_made_on_an_older_bundle_expires_too(decide, publish, lapse, records, clock):
    decide(acceptance())
    publish(categories=[{"id": "necessary", "required": True, "reason": "security"}], services=[])
    clock.set("2027-11-22T20:00:00+00:00")

    assert lapse() == 1
    assert records()[1]["bundle"] == records()[0]["bundle"]


def test_the_consents_of_another_site_and_visitor_stay(decide, publish, lapse, records, clock):
    other = publish("other")
    decide(acceptance())
    clock.advance(days=1)
    decide(acceptance(consent_id=OTHER_VISITOR))
    decide(acceptance(bundle=other.bundle_hash), site_id="other")
    clock.set("2027-11-22T20:00:00+00:00")

    assert lapse() == 1
    assert events(records("other")) == ["given"]
    assert granted(records()[1]) == set(ALL)


def test_a_refusal_that_ends_first_does_not_hide_the_end_of_a_grant(decide, lapse, records, clock):
    decide(a_decision())
    clock.set("2027-03-01T00:00:00+00:00")
    decide(a_decision(n=2, categories={"analytics": True}))

    made = []
    for day in ("2027-12-01", "2028-02-29", "2028-03-01", "2028-03-02"):
        clock.set(f"{day}T00:00:00+00:00")
        made.append(lapse())

    assert made == [0, 0, 1, 0]
    assert granted(records()[-1]) == set()


def test_a_round_looks_at_what_ended_since_the_one_before(app, decide, clock, records):
    decide(acceptance())
    end = clock.advance(days=365)

    with app.app_context():
        later = service.record_lapses(end, since=end)
        since_before = service.record_lapses(end, since=end - timedelta(hours=1))

    assert (later, since_before) == (0, 1)
    assert records()[-1]["event"] == "expired"


def test_a_record_that_cannot_be_read_keeps_no_other_from_ending(
    app, decide, lapse, records, clock
):
    for visitor in (VISITOR, OTHER_VISITOR):
        decide(acceptance(consent_id=visitor))
    first = min(record["subject"] for record in records())  # they end in this order
    changed = "UPDATE consent_records SET categories = '{\"analytics\": 1}' WHERE subject = :who"
    with app.app_context(), unguarded(db.engine) as connection:
        assert connection.execute(sa.text(changed), {"who": first}).rowcount == 1
    clock.set("2027-11-22T20:00:00+00:00")

    with pytest.raises(TypeError):
        lapse()

    with app.app_context():
        ended = sa.select(ConsentRecord.subject).where(ConsentRecord.event == "expired")
        assert first not in (others := db.session.scalars(ended).all())
    assert len(others) == 1
