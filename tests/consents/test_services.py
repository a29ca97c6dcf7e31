"""Decisions about single services."""

from tests.builders import ALL, NONE, a_decision, acceptance, withdrawal

WITHOUT_STATS = {"functional": False, "analytics": True, "marketing": False}


def test_a_service_refused_in_a_granted_category_is_kept_beside_it(decide, records):
    answer = decide(a_decision(categories=WITHOUT_STATS, services={"stats": False}))

    assert answer.json["event"] == "partial"
    assert records()[0]["services"] == {
        "stats": {
            "granted": False,
            "decided_at": "2026-11-22T20:00:00.000Z",
            "expires_at": "2027-11-22T20:00:00.000Z",
            "revision": 1,
            "ended": None,
            "n": 1,
        }
    }


def test_a_service_can_be_granted_alone(decide, check):
    token = decide(a_decision(categories=NONE, services={"video": True})).json["token"]

    answer = check(token, "marketing")

    assert answer["granted"] is False
    assert answer["services"]["video"]["granted"] is True


def test_an_answer_about_the_category_replaces_those_about_its_services(decide, records, clock):
    decide(a_decision(services={"stats": False}))
    clock.advance(hours=1)
    decide(acceptance(n=2))

    assert records()[1]["services"] == {}


def test_a_service_keeps_its_choice_while_its_category_is_not_asked_again(decide, records, clock):
    decide(a_decision(services={"stats": False}))
    clock.advance(hours=1)
    decide(a_decision(n=2, categories={"marketing": True}))

    assert records()[1]["services"] == records()[0]["services"]


def test_a_service_taken_out_of_a_granted_category_is_withdrawn(decide, check, clock):
    decide(acceptance())
    clock.advance(hours=1)
    token = decide(a_decision(n=2, categories={}, services={"stats": False})).json["token"]

    answer = check(token)

    assert answer["granted"] is True
    assert answer["services"]["stats"]["reason"] == "withdrawn"
    assert answer["expire_cookies"] == ["stats_*"]


def test_what_becomes_of_a_service_alone_is_a_change_and_the_same_again_a_renewal(
    decide, records, clock
):
    said = [
        acceptance(n=1),
        a_decision(n=2, categories={}, services={"stats": False}),
        a_decision(n=3, categories={}, services={"stats": False}),
        acceptance(n=4),
        a_decision(n=5, categories=ALL, services={"stats": True, "video": True}),
    ]
    for body in said:
        clock.advance(hours=1)
        assert decide(body).status_code == 201

    events = [record["event"] for record in records()]
    assert events == ["given", "changed", "renewed", "changed", "renewed"]


def test_the_cookies_of_a_service_granted_alone_are_left_when_its_category_ended(
    decide, check, clock
):
    decide(acceptance())
    clock.advance(hours=1)
    decide(withdrawal(2))
    clock.advance(hours=1)
    answer = decide(a_decision(n=3, action="save", categories={}, services={"video": True}))

    checked = check(answer.json["token"], "marketing")

    assert checked["categories"]["marketing"]["reason"] == "withdrawn"
    assert checked["services"]["video"]["granted"] is True
    assert checked["expire_cookies"] == ["stats_*"]
