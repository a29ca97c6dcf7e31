"""The counter of a visitor's decisions: the highest wins, the restrictive answer wins ties."""

from tests.builders import ALL, NONE, OTHER_VISITOR, a_decision, acceptance, withdrawal

ANALYTICS = {"functional": False, "analytics": True, "marketing": False}
MARKETING = {"functional": False, "analytics": False, "marketing": True}


def in_force(records):
    held = [record for record in records if not record["superseded"]]
    return max(held, key=lambda record: (record["n"], record["recorded_at"]))


def granted(record):
    return {id_ for id_, held in record["categories"].items() if held["granted"]} - {"necessary"}


def test_a_late_older_grant_is_kept_as_a_record_without_effect(decide, records, check, clock):
    withdrawn = decide(withdrawal(2))
    clock.advance(minutes=1)
    late = decide(acceptance(1))

    assert (late.status_code, late.json["superseded"]) == (201, True)
    assert "token" not in late.json
    assert len(records()) == 2
    assert in_force(records())["record_id"] == withdrawn.json["record_id"]
    assert check(withdrawn.json["token"])["categories"]["analytics"]["reason"] == "withdrawn"


def test_a_late_older_grant_of_another_visitor_changes_nothing_for_this_one(decide, records):
    decide(acceptance(1))
    decide(withdrawal(2, consent_id=OTHER_VISITOR))

    assert [record["superseded"] for record in records()] == [False, False]


def test_the_restrictive_answer_wins_a_tie_whichever_comes_last(decide, records, clock):
    decide(acceptance(1))
    clock.advance(minutes=1)
    decide(withdrawal(1))
    decide(withdrawal(1, consent_id=OTHER_VISITOR))
    clock.advance(minutes=1)
    late = decide(acceptance(1, consent_id=OTHER_VISITOR))

    for subject in {record["subject"] for record in records()}:
        own = [record for record in records() if record["subject"] == subject]
        assert granted(in_force(own)) == set()
    assert late.json["superseded"] is True
    assert "token" not in late.json


def test_a_tie_grants_what_both_answers_grant(decide, records, clock):
    decide(a_decision(categories={**ANALYTICS, "functional": True}))
    clock.advance(minutes=1)
    decide(a_decision(categories={**MARKETING, "functional": True}))

    assert granted(in_force(records())) == {"functional"}


def test_a_tie_that_leaves_nothing_granted_is_recorded_as_a_withdrawal(decide, records, clock):
    decide(a_decision(categories=ANALYTICS))
    clock.advance(minutes=1)
    answer = decide(a_decision(categories=MARKETING))

    assert granted(in_force(records())) == set()
    assert answer.json["event"] == "withdrawn"


def test_a_service_refused_in_a_tie_stays_refused_whichever_comes_last(decide, check, clock):
    answers = []
    refuses = {"action": "save", "categories": ALL, "services": {"stats": False}}
    for visitor, (first, second) in {
        a_decision()["consent_id"]: (refuses, {"action": "accept_all", "categories": ALL}),
        OTHER_VISITOR: ({"action": "accept_all", "categories": ALL}, refuses),
    }.items():
        first = decide(a_decision(consent_id=visitor, **first))
        clock.advance(minutes=1)
        decide(a_decision(consent_id=visitor, **second))
        answers.append(check(first.json["token"])["services"])

    assert [services["stats"]["granted"] for services in answers] == [False, False]


def test_a_service_refused_in_a_tie_stays_refused_when_a_category_falls(decide, check, clock):
    first = decide(a_decision(action="save", categories=ALL, services={"stats": False}))
    clock.advance(minutes=1)
    decide(a_decision(categories={**ALL, "marketing": False}))

    answer = check(first.json["token"])

    assert answer["categories"]["analytics"]["granted"] is True
    assert answer["services"]["stats"]["granted"] is False


def test_a_refusal_of_one_category_is_taken_when_the_grant_has_not_arrived(decide, records):
    answer = decide(withdrawal(2, categories={"analytics": False}))

    assert answer.status_code == 201
    assert granted(records()[0]) == set()
    assert records()[0]["categories"].keys() == {"necessary", *NONE}


def test_a_late_decision_about_some_categories_is_kept_too(decide, records, clock):
    decide(acceptance(1))
    clock.advance(minutes=1)
    decide(withdrawal(3))
    clock.advance(minutes=1)
    answer = decide(a_decision(n=2, categories={"analytics": False}))

    assert (answer.status_code, answer.json["superseded"]) == (201, True)
    assert granted(in_force(records())) == set()


def test_a_late_no_ends_a_grant_that_a_newer_decision_only_kept(decide, check, records):
    first = decide(acceptance(1)).json
    decide(a_decision(n=3, categories={"marketing": True}))

    late = decide(withdrawal(2, categories={"analytics": False}))

    verdicts = check(first["token"])["categories"]
    assert (late.status_code, "superseded" in late.json) == (201, False)
    assert (verdicts["analytics"]["reason"], verdicts["marketing"]["reason"]) == (
        "withdrawn",
        "granted",
    )
    assert [record["event"] for record in records()] == ["given", "renewed", "changed"]


def test_a_late_no_does_not_end_a_grant_that_a_newer_decision_gave(decide, check):
    decide(acceptance(1))
    newest = decide(acceptance(3)).json

    late = decide(withdrawal(2))

    assert late.json["superseded"] is True
    assert check(newest["token"])["granted"] is True


def test_what_follows_a_late_no_is_counted_from_the_newest(decide, check):
    decide(acceptance(1))
    decide(a_decision(n=3, categories={"marketing": True}))
    decide(withdrawal(2, categories={"analytics": False}))

    replayed = decide(acceptance(2))
    newest = decide(acceptance(4)).json

    assert replayed.json["superseded"] is True
    assert check(newest["token"])["granted"] is True
