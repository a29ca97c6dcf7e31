"""What a publication does to the decisions made before it."""

from tests.builders import (
    CHANGED_TEXT,
    DOCUMENT,
    a_decision,
    acceptance,
    bundle_hash,
    refusal,
    withdrawal,
)

WITH_SOCIAL = [*DOCUMENT["categories"], {"id": "social"}]
SOCIAL_TEXTS = {
    tag: {"category.social.title": "Social", "category.social.text": "Posts of your friends."}
    for tag in ("fr", "en")
}


def verdicts(answer):
    return {id_: verdict["reason"] for id_, verdict in answer["categories"].items()}


def test_a_grant_on_an_outdated_bundle_is_refused_with_evidence(decide, publish, records):
    current = publish(texts=CHANGED_TEXT)

    answer = decide(acceptance())

    assert (answer.status_code, answer.json["reason"]) == (409, "bundle_outdated")
    assert answer.json["shown"] == bundle_hash()
    assert answer.json["current"] == current.bundle_hash
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert records() == []


def test_a_no_is_taken_on_any_bundle_the_site_ever_published(decide, publish, records, clock):
    decide(acceptance())
    clock.advance(minutes=1)
    publish(texts=CHANGED_TEXT)

    answers = [decide(refusal())]
    clock.advance(minutes=1)
    answers.append(decide(withdrawal(2)))

    assert [answer.status_code for answer in answers] == [201, 201]
    assert [record["event"] for record in records()] == ["given", "refused", "withdrawn"]
    assert {record["bundle"] for record in records()} == {bundle_hash()}
    assert {record["revision"] for record in records()} == {1}


def test_a_new_category_is_stale_and_the_old_ones_stay_granted(decide, publish, check, clock):
    token = decide(acceptance()).json["token"]
    clock.advance(minutes=1)
    publish(categories=WITH_SOCIAL, texts=SOCIAL_TEXTS)

    answer = check(token, "social")

    assert answer["granted"] is False
    assert verdicts(answer) == {
        "necessary": "granted",
        "functional": "granted",
        "analytics": "granted",
        "marketing": "granted",
        "social": "stale",
    }


def test_a_changed_text_makes_its_category_stale_alone(decide, publish, check, clock):
    token = decide(acceptance()).json["token"]
    clock.advance(minutes=1)
    publish(texts=CHANGED_TEXT)

    answer = check(token, "analytics")

    assert answer["granted"] is False
    assert verdicts(answer)["analytics"] == "stale"
    assert verdicts(answer)["marketing"] == "granted"


def test_a_new_service_makes_its_category_stale(decide, publish, check, clock):
    token = decide(acceptance()).json["token"]
    clock.advance(minutes=1)
    more = {**DOCUMENT["services"][0], "id": "heat", "name": "Heat map"}
    publish(services=[*DOCUMENT["services"], more])

    assert verdicts(check(token))["analytics"] == "stale"


def test_a_refusal_stays_a_refusal_when_its_category_changes(decide, publish, check, clock):
    token = decide(a_decision()).json["token"]
    clock.advance(minutes=1)
    publish(services=[])

    assert verdicts(check(token))["marketing"] == "refused"


def test_a_stale_category_must_be_answered_again(decide, publish, records, clock):
    decide(acceptance())
    clock.advance(minutes=1)
    current = publish(texts=CHANGED_TEXT).bundle_hash

    incomplete = decide(a_decision(n=2, categories={"marketing": False}, bundle=current))
    complete = decide(a_decision(n=2, categories={"analytics": True}, bundle=current))

    assert (incomplete.status_code, incomplete.json["missing"]) == (422, ["analytics"])
    assert complete.json["event"] == "renewed"
    assert complete.json["categories"]["marketing"]["decided_at"] == "2026-11-22T20:00:00.000Z"
    assert complete.json["categories"]["analytics"]["decided_at"] == "2026-11-22T20:01:00.000Z"
    assert records()[1]["revision"] == 2


def test_a_stale_category_answered_again_is_granted_by_the_new_token(decide, publish, check, clock):
    decide(acceptance())
    clock.advance(minutes=1)
    current = publish(texts=CHANGED_TEXT).bundle_hash
    token = decide(acceptance(2, bundle=current)).json["token"]

    assert check(token)["granted"] is True


def test_a_category_that_was_removed_is_unknown(decide, publish, check, clock):
    token = decide(acceptance()).json["token"]
    clock.advance(minutes=1)
    publish(categories=DOCUMENT["categories"][:3], services=DOCUMENT["services"][:1])

    answer = check(token, "marketing")

    assert (answer["granted"], verdicts(answer)["marketing"]) == (False, "unknown")


def test_an_immaterial_change_with_a_reason_asks_nobody(decide, publish, check, clock):
    token = decide(acceptance()).json["token"]
    clock.advance(minutes=1)
    published = publish(texts=CHANGED_TEXT, reason="A comma was missing.")

    assert check(token)["granted"] is True
    assert (published.immaterial, published.reason) == (True, "A comma was missing.")


def test_a_grant_with_a_partial_withdrawal_on_an_older_bundle_keeps_only_what_both_know(
    decide, publish, check, clock
):
    decide(acceptance())
    clock.advance(minutes=1)
    current = publish(categories=WITH_SOCIAL, texts=SOCIAL_TEXTS).bundle_hash
    everything = dict.fromkeys(("functional", "analytics", "marketing", "social"), True)
    token = decide(acceptance(2, categories=everything, bundle=current)).json["token"]
    clock.advance(minutes=1)

    decide(withdrawal(3, categories={"analytics": False}))

    assert verdicts(check(token)) == {
        "necessary": "granted",
        "functional": "granted",
        "analytics": "withdrawn",
        "marketing": "granted",
        "social": "stale",
    }
