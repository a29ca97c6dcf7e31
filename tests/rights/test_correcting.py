"""Wrong facts are put right by a new, linked record; the wrong one stays as it is (R100)."""

import json

import pytest
import sqlalchemy as sa

from consent_server.consents.commitments import parts_of
from consent_server.consents.correcting import Correction
from consent_server.consents.errors import CategoryUnknown, CorrectionEmpty, LanguageUnknown
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.rights import service
from consent_server.sealing.audit import Audit
from consent_server.sealing.errors import RecordUnknown
from tests.builders import a_decision, acceptance, refusal, withdrawal
from tests.databases import administrator_of


@pytest.fixture
def correct(app, clock):
    def correct(record_id, site="demo", **facts):
        with app.app_context():
            return service.correct(site, record_id, Correction(**facts), clock.instant)

    return correct


def test_a_grant_that_was_none_is_taken_back_and_the_record_of_it_stays(
    decide, correct, check, records, clock
):
    given = decide(acceptance())
    [before] = records()
    clock.advance(days=1)

    correct(given.json["record_id"], refused=["analytics"])

    wrong, right = records()
    assert wrong == before
    assert right["corrects"] == right["previous"] == given.json["record_id"]
    assert (right["event"], right["action"], right["method"]) == ("changed", None, None)
    assert right["recorded_at"] == "2026-11-23T20:00:00.000Z"
    assert right["expires_at"] == wrong["expires_at"]
    granted = {id_ for id_, choice in right["categories"].items() if choice["granted"]}
    assert granted == {"necessary", "functional", "marketing"}
    verdicts = check(given.json["token"])["categories"]
    assert verdicts["analytics"]["reason"] == "refused"
    assert verdicts["marketing"]["reason"] == "granted"


def test_the_log_says_that_the_controller_said_so(app, decide, correct, seal, notary):
    given = decide(acceptance()).json["record_id"]
    right = correct(given, language="en")
    seal()

    with app.app_context():
        assert list(Audit("demo", notary).findings()) == []
        record = db.session.get(ConsentRecord, ("demo", right.record_id))
        part, _ = parts_of(record, "P12M")
        original, _ = parts_of(db.session.get(ConsentRecord, ("demo", given)), "P12M")
    assert (part["corrects"], part["who"], part["lang"]) == (given, "controller", "en")
    assert (original["corrects"], original["who"]) == (None, "self")


def test_a_refusal_by_nobody_can_be_corrected(decide, correct, records, clock):
    decide(refusal())
    clock.advance(days=400)
    old = decide(refusal()).json["record_id"]
    clock.advance(days=-400)

    right = correct(old, language="en")

    assert (right.subject, right.previous, right.corrects) == (None, None, old)
    assert (right.event, right.language) == ("refused", "en")


def test_the_correction_of_what_no_longer_holds_has_no_effect(
    decide, correct, check, records, clock
):
    first = decide(a_decision(n=1)).json["record_id"]
    clock.advance(days=1)
    token = decide(acceptance(2)).json["token"]
    clock.advance(days=1)

    right = correct(first, refused=["analytics"])

    assert right.superseded is True
    assert check(token)["granted"] is True


def test_the_visitor_decides_on_after_a_correction(decide, correct, records, clock):
    given = decide(acceptance(1)).json["record_id"]
    right = correct(given, refused=["analytics"])
    clock.advance(days=1)

    decide(withdrawal(2))

    assert records()[-1]["event"] == "withdrawn"
    assert records()[-1]["previous"] == right.record_id


@pytest.mark.parametrize(
    "facts, refusal_",
    [
        ({}, CorrectionEmpty),
        ({"language": "fr"}, CorrectionEmpty),
        ({"refused": ["functional"]}, CorrectionEmpty),
        ({"refused": ["necessary"]}, CategoryUnknown),
        ({"refused": ["unheard"]}, CategoryUnknown),
        ({"language": "de"}, LanguageUnknown),
    ],
)
def test_a_correction_that_corrects_nothing_is_refused(decide, correct, records, facts, refusal_):
    given = decide(a_decision()).json["record_id"]

    with pytest.raises(refusal_):
        correct(given, **facts)

    assert len(records()) == 1


def test_a_record_of_another_site_is_unknown(decide, correct, publish):
    publish("other")
    given = decide(acceptance()).json["record_id"]

    with pytest.raises(RecordUnknown):
        correct(given, site="other", language="en")


def test_a_correction_is_erased_with_what_it_corrects(
    app, decide, correct, clock, request_me, records
):
    given = decide(acceptance()).json["record_id"]
    correct(given, language="en")

    assert request_me("DELETE").json["erased"] == 2

    assert records() == []


def test_the_record_that_is_corrected_cannot_be_changed(app, decide, correct):
    given = decide(acceptance()).json["record_id"]
    correct(given, language="en")

    with (
        app.app_context(),
        pytest.raises(sa.exc.DBAPIError, match="can only be appended to"),
        administrator_of(db.engine).begin() as connection,
    ):
        connection.execute(
            sa.text("UPDATE consent_records SET categories = :choices"), {"choices": json.dumps({})}
        )
