"""A visitor erases the records about this browser in one step, effective at once."""

import pytest

from tests.builders import (
    ORIGIN,
    OTHER_ORIGIN,
    OTHER_VISITOR,
    VISITOR,
    acceptance,
    refusal,
    withdrawal,
)


@pytest.fixture
def erase(request_me):
    return lambda **how: request_me("DELETE", **how)


def test_every_record_of_the_visitor_is_erased_at_once(
    decide, erase, request_me, check, records, clock
):
    token = decide(acceptance(1)).json["token"]
    clock.advance(minutes=1)
    decide(acceptance(2))
    decide(acceptance(1, consent_id=OTHER_VISITOR))
    decide(refusal())

    answer = erase()

    assert (answer.status_code, answer.json) == (200, {"site": "demo", "erased": 2})
    assert answer.headers["Cache-Control"] == "no-store"
    assert VISITOR not in answer.text
    assert request_me().status_code == 404
    assert {verdict["reason"] for verdict in check(token)["categories"].values()} == {"unknown"}
    assert len(records()) == 2


def test_unknown_foreign_and_erased_look_the_same(decide, publish, erase, records):
    other = publish("other")
    decide(acceptance(bundle=other.bundle_hash, consent_id=OTHER_VISITOR), site_id="other")
    decide(acceptance())
    erase()

    again = erase()
    foreign = erase(consent_id=OTHER_VISITOR)
    unknown = erase(consent_id="A" * 22)

    assert (again.status_code, again.json["reason"]) == (404, "consent_id_unknown")
    assert again.data == foreign.data == unknown.data
    assert len(records("other")) == 1


def test_unknown_and_foreign_cost_the_same_statements(app, decide, publish, erase):
    import sqlalchemy as sa

    from consent_server.db import db

    other = publish("other")
    decide(acceptance(bundle=other.bundle_hash, consent_id=OTHER_VISITOR), site_id="other")
    erase(consent_id="B" * 21 + "A")  # what is made at the first use is there
    said = []
    with app.app_context():
        engine = db.engine

    def listen(_connection, _cursor, statement, *_):
        said[-1].append(statement)

    sa.event.listen(engine, "before_cursor_execute", listen)
    for consent_id in (OTHER_VISITOR, "A" * 22):
        said.append([])
        erase(consent_id=consent_id)
    sa.event.remove(engine, "before_cursor_execute", listen)

    assert said[0] == said[1] != []


@pytest.mark.parametrize("consent_id", [None, "", "short", "A" * 23, "A" * 21 + "+"])
def test_a_malformed_consent_id_erases_nothing(decide, erase, records, consent_id):
    decide(acceptance())

    answer = erase(consent_id=consent_id)

    assert (answer.status_code, answer.json["reason"]) == (422, "invalid_request")
    assert len(records()) == 1


@pytest.mark.parametrize("origin", [None, OTHER_ORIGIN])
def test_no_page_but_the_sites_own_erases(decide, erase, records, origin):
    decide(acceptance())

    answer = erase(origin=origin)

    assert (answer.status_code, answer.json["reason"]) == (403, "origin_not_allowed")
    assert len(records()) == 1


def test_an_unknown_site_is_not_found(erase):
    answer = erase(site_id="nowhere")

    assert (answer.status_code, answer.json["reason"]) == (404, "site_unknown")


def test_a_browser_may_ask_whether_it_may(request_me):
    answer = request_me("OPTIONS", consent_id=None)

    assert answer.status_code == 204
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"].split(", ")


def test_a_withdrawal_that_was_on_its_way_is_refused_for_good(decide, erase, records):
    """The widget sends a no again and again, except after these (FINAL_FOR_DENIALS in api.ts).

    Also one from a tab that has not heard of the erasure, and counts on.
    """
    decide(acceptance(2))
    erase()

    for n in (2, 3, 50):
        answer = decide(withdrawal(n))
        assert (answer.status_code, answer.json["reason"]) == (409, "consent_erased")

    assert records() == []


def test_a_decision_that_is_on_its_way_does_not_come_after_the_erasure(decide, client, records):
    """The browser knows which numbers it gave; the service knows those that have arrived."""
    decide(acceptance(2))
    headers = {"Origin": ORIGIN, "Consent-Id": VISITOR}

    assert client.delete("/v1/sites/demo/me?n=5", headers=headers).json["erased"] == 1

    late, new = decide(acceptance(5)), decide(acceptance(6))
    assert (late.status_code, late.json["reason"]) == (409, "consent_erased")
    assert (new.status_code, len(records())) == (201, 1)


@pytest.mark.parametrize(
    "query", ["n=0", "n=-1", "n=+5", "n=05", "n=5.0", "n=%D9%A5", "n=1_0", f"n={2**53}", "m=5"]
)
def test_another_question_erases_nothing(decide, client, records, query):
    decide(acceptance())
    headers = {"Origin": ORIGIN, "Consent-Id": VISITOR}

    answer = client.delete(f"/v1/sites/demo/me?{query}", headers=headers)

    assert (answer.status_code, answer.json["reason"]) == (422, "invalid_request")
    assert len(records()) == 1
