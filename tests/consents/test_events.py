"""Every event of a visitor's life with a site, and the record it leaves."""

import pytest

from tests.builders import (
    ALL,
    NONE,
    OTHER_VISITOR,
    a_decision,
    acceptance,
    refusal,
    withdrawal,
)

AT = "2026-11-22T20:00:00.000Z"
END = "2027-11-22T20:00:00.000Z"


def choice(granted, decided_at=AT, expires_at=END):
    return {"granted": granted, "decided_at": decided_at, "expires_at": expires_at}


def kept(n=1, ended=None, **words):
    """A choice as it is exported: with what else the log commits to."""
    return {**choice(**words), "revision": 1, "ended": ended, "n": n}


def events(records):
    return [record["event"] for record in records]


def granted(record):
    return {id_ for id_, held in record["categories"].items() if held["granted"]} - {"necessary"}


def test_a_partial_grant_is_recorded_with_every_field(decide, records, site):
    answer = decide(a_decision(gpc=True))

    assert answer.status_code == 201
    stored = records()[0]
    subject = stored["subject"]
    assert records() == [
        {
            "site": "demo",
            "record_id": answer.json["record_id"],
            "previous": None,
            "corrects": None,
            "event": "partial",
            "action": "save",
            "method": "banner",
            "recorded_at": AT,
            "expires_at": END,
            "duration": "P12M",
            "categories": {
                "necessary": kept(granted=True),
                "functional": kept(granted=False),
                "analytics": kept(granted=True),
                "marketing": kept(granted=False),
            },
            "services": {},
            "bundle": site.bundle_hash,
            "revision": 1,
            "build": a_decision()["build"],
            "language": "fr",
            "policy_version": "2026-03",
            "profile": "gdpr",
            "gpc": True,
            "trusted": True,
            "superseded": False,
            "subject": subject,
            "n": 1,
        }
    ]
    assert len(subject) == 43
    assert len(answer.json["record_id"]) == 22


def test_the_answer_says_what_was_recorded_and_nothing_about_the_visitor(decide, records):
    answer = decide(a_decision())

    stored = records()[0]
    told = ("record_id", "event", "recorded_at", "expires_at")
    assert {name: answer.json[name] for name in told} == {name: stored[name] for name in told}
    for id_, told_choice in answer.json["categories"].items():
        assert told_choice.items() <= stored["categories"][id_].items()
    assert answer.json["categories"].keys() == stored["categories"].keys()
    assert answer.json["services"] == stored["services"] == {}
    assert answer.json.keys() - set(told) == {"categories", "services", "token"}


def test_accepting_everything_is_given(decide, records):
    decide(acceptance())

    assert events(records()) == ["given"]
    assert granted(records()[0]) == set(ALL)


def test_a_refusal_leaves_a_record_without_subject_and_no_token(decide, records):
    answer = decide(refusal())

    stored = records()[0]
    assert answer.status_code == 201
    assert "token" not in answer.json
    assert (stored["event"], stored["subject"], stored["n"]) == ("refused", None, None)
    assert granted(stored) == set()
    assert stored["categories"].keys() == {"necessary", *NONE}


def test_two_refusals_are_two_records_that_nothing_links(decide, records):
    decide(refusal())
    decide(refusal())

    assert events(records()) == ["refused", "refused"]
    assert [record["previous"] for record in records()] == [None, None]


def test_another_choice_is_a_change_linked_to_the_record_before(decide, records, clock):
    first = decide(a_decision())
    clock.advance(days=1)
    second = decide(acceptance(n=2))

    assert events(records()) == ["partial", "changed"]
    assert records()[1]["previous"] == first.json["record_id"]
    assert records()[1]["record_id"] == second.json["record_id"]
    assert records()[0]["subject"] == records()[1]["subject"]


def test_the_same_choice_again_is_renewed_and_starts_the_time_anew(decide, records, clock):
    decide(acceptance())
    clock.advance(days=30)
    answer = decide(acceptance(n=2))

    assert events(records()) == ["given", "renewed"]
    assert answer.json["categories"]["analytics"] == choice(
        True, "2026-12-22T20:00:00.000Z", "2027-12-22T20:00:00.000Z"
    )


@pytest.mark.parametrize("action", ["withdraw", "reject_all"])
def test_a_withdrawal_is_a_record_of_its_own_and_the_grant_stays_unchanged(
    decide, records, clock, action
):
    given = decide(acceptance())
    before = records()[0]
    clock.advance(hours=1)
    answer = decide(withdrawal(2, action=action))

    assert events(records()) == ["given", "withdrawn"]
    assert records()[0] == before
    assert records()[1]["previous"] == given.json["record_id"]
    assert granted(records()[1]) == set()
    assert answer.json["token"] != given.json["token"]


def test_withdrawing_with_no_categories_named_withdraws_them_all(decide, records, clock):
    decide(acceptance())
    clock.advance(hours=1)
    decide(withdrawal(2, categories={}))

    assert granted(records()[1]) == set()


def test_consent_given_again_after_a_withdrawal_is_given(decide, records, clock):
    for step in (acceptance(), withdrawal(2), acceptance(3)):
        decide(step)
        clock.advance(hours=1)

    assert events(records()) == ["given", "withdrawn", "given"]


@pytest.mark.parametrize("action, event", [("withdraw", "withdrawn"), ("reject_all", "refused")])
def test_a_no_from_a_consent_id_never_seen_is_taken(decide, records, action, event):
    answer = decide(withdrawal(2, action=action, consent_id=OTHER_VISITOR))

    assert answer.status_code == 201
    assert events(records()) == [event]
    assert granted(records()[0]) == set()


def test_a_category_left_out_keeps_its_instants_and_the_others_move(decide, records, clock):
    decide(acceptance())
    clock.advance(days=100)
    answer = decide(a_decision(categories={"marketing": False}, n=2))

    assert answer.status_code == 201
    stored = records()[1]
    assert stored["event"] == "changed"
    assert stored["categories"]["analytics"] == kept(granted=True)
    assert stored["categories"]["marketing"] == kept(
        n=2,
        ended="withdrawn",
        granted=False,
        decided_at="2027-03-02T20:00:00.000Z",
        expires_at="2028-03-02T20:00:00.000Z",
    )
    assert stored["expires_at"] == END


def test_a_grant_past_its_end_is_recorded_as_expired_before_the_next_decision(
    decide, records, clock
):
    given = decide(acceptance())
    clock.set("2027-11-22T20:00:00+00:00")
    again = decide(acceptance(n=2))

    assert events(records()) == ["given", "expired", "renewed"]
    expired = records()[1]
    assert (expired["action"], expired["method"]) == (None, None)
    assert expired["previous"] == given.json["record_id"]
    assert granted(expired) == set()
    assert records()[2]["previous"] == expired["record_id"]
    assert again.json["recorded_at"] > expired["recorded_at"]


def test_a_subject_is_another_one_on_another_site(decide, publish, records):
    other = publish("other")
    decide(acceptance())
    decide(acceptance(bundle=other.bundle_hash), site_id="other")

    assert records("demo")[0]["subject"] != records("other")[0]["subject"]
    assert records("other")[0]["previous"] is None


def test_the_clock_of_the_record_never_stands_still_for_one_subject(decide, records):
    decide(acceptance())
    decide(withdrawal(2))
    decide(acceptance(3))

    instants = [record["recorded_at"] for record in records()]
    assert len(set(instants)) == 3
    assert instants == sorted(instants)
