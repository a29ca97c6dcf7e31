"""The check API: only a live grant is granted, whatever else is asked."""

import json

import pytest

from consent_server.sites.keys import revoke_key
from tests.builders import (
    CHANGED_TEXT,
    OTHER_VISITOR,
    VISITOR,
    a_decision,
    a_service,
    acceptance,
    withdrawal,
)

URL = "/v1/check"


HIDDEN = {"kind": "cookie", "lifetime": "P1M", "http_only": True}


def test_a_cookie_that_no_script_can_delete_is_named_after_a_refusal_too(decide, publish, check):
    stores = {"analytics": [{**HIDDEN, "name": "kept"}], "marketing": [{**HIDDEN, "name": "gone"}]}
    stores["marketing"].append({**HIDDEN, "name": "by_script", "http_only": False})
    services = [
        a_service(f"of-{category}", category, *listed) for category, listed in stores.items()
    ]
    bundle = publish("demo", services=services).bundle_hash

    token = decide(a_decision(bundle=bundle)).json["token"]

    assert check(token)["expire_cookies"] == ["gone"]


@pytest.fixture
def tokens(decide, publish, clock, app):
    """Tokens of every kind, by what is wrong with them; the clock stands a year later."""
    other = publish("other")
    live = decide(acceptance(consent_id=OTHER_VISITOR)).json["token"]
    foreign = decide(acceptance(bundle=other.bundle_hash), site_id="other").json["token"]
    old = decide(acceptance()).json["token"]
    clock.advance(minutes=1)
    withdrawn = decide(withdrawal(2)).json["token"]
    header, payload, signature = live.split(".")
    unsigned = "eyJhbGciOiJub25lIn0"
    return {
        "missing": (None, "unknown"),
        "empty": ("", "unknown"),
        "one space": (" ", "invalid"),
        "a word": ("granted", "invalid"),
        "three words": ("a.b.c", "invalid"),
        "not ASCII": ("é" * 30, "invalid"),
        "a null byte": ("\x00", "invalid"),
        "very long": ("A" * 5000, "invalid"),
        "without signature": (f"{header}.{payload}.", "invalid"),
        "algorithm none": (f"{unsigned}.{payload}.", "invalid"),
        "algorithm none, signed": (f"{unsigned}.{payload}.{signature}", "invalid"),
        "another signature": (f"{header}.{payload}.{old.split('.')[2]}", "invalid"),
        "another payload": (f"{header}.{old.split('.')[1]}.{signature}", "invalid"),
        "padded": (f"{live}=", "invalid"),
        "with a space": (f"{live} ", "invalid"),
        "in capitals": (live.upper(), "invalid"),
        "another site's": (foreign, "invalid"),
        "withdrawn, the old token": (old, "withdrawn"),
        "withdrawn, the new token": (withdrawn, "withdrawn"),
        "a quoted token": (json.dumps(live), "invalid"),
    }


def test_whatever_is_wrong_with_a_token_is_an_answer_and_a_no(tokens, client, api_key):
    key = api_key("check")
    answers = {}
    for name, (token, _) in tokens.items():
        asked = {"site": "demo", "category": "analytics", "token": token}
        parameters = {name: value for name, value in asked.items() if value is not None}
        answers[name] = client.get(URL, query_string=parameters, headers=key)

    assert len(answers) == 20
    assert {answer.status_code for answer in answers.values()} == {200}
    assert {answer.json["granted"] for answer in answers.values()} == {False}
    found = {name: a.json["categories"]["analytics"]["reason"] for name, a in answers.items()}
    assert found == {name: reason for name, (_, reason) in tokens.items()}
    assert {answer.headers["Cache-Control"] for answer in answers.values()} == {"no-store"}


def test_the_same_tokens_asked_about_together_get_the_same_answers(tokens, client, api_key):
    del tokens["a null byte"]  # no JSON of ours holds one
    checks = [{"token": token, "category": "analytics"} for token, _ in tokens.values()]

    answer = client.post(URL, json={"site": "demo", "checks": checks}, headers=api_key("check"))

    reasons = [result["categories"]["analytics"]["reason"] for result in answer.json["results"]]
    assert answer.status_code == 200
    assert reasons == [reason for _, reason in tokens.values()]
    assert {result["granted"] for result in answer.json["results"]} == {False}


def test_a_live_grant_is_granted_with_its_instants(decide, check):
    recorded = decide(a_decision()).json

    answer = check(recorded["token"])

    assert answer == {
        "site": "demo",
        "granted": True,
        "record_id": recorded["record_id"],
        "categories": {
            id_: {"reason": "granted" if choice["granted"] else "refused", **choice}
            for id_, choice in recorded["categories"].items()
        },
        "services": {},
        "expire_cookies": [],
        "checked_at": "2026-11-22T20:00:00.000Z",
    }


def test_no_answer_holds_an_identifier_of_the_visitor(decide, check, records):
    answer = json.dumps(check(decide(acceptance()).json["token"], category=None))

    assert records()[0]["subject"] not in answer
    assert VISITOR not in answer


def test_without_a_category_no_single_answer_is_given(decide, check):
    assert "granted" not in check(decide(acceptance()).json["token"], category=None)


def test_a_category_that_nobody_knows_is_unknown(decide, check):
    answer = check(decide(acceptance()).json["token"], "profiling")

    assert answer["granted"] is False
    assert answer["categories"]["profiling"]["reason"] == "unknown"


def test_after_a_withdrawal_the_cookies_to_expire_are_named(decide, check, clock):
    token = decide(acceptance()).json["token"]
    before = check(token)["expire_cookies"]
    clock.advance(minutes=1)
    decide(withdrawal(2))

    assert before == []
    assert check(token)["expire_cookies"] == ["stats_*", "video_id"]


def test_consent_ends_at_its_exact_instant(decide, check, clock):
    clock.advance(milliseconds=500)
    token = decide(acceptance()).json["token"]
    clock.set("2027-11-22T20:00:00.499+00:00")
    before = check(token)
    clock.advance(milliseconds=1)
    after = check(token)

    assert before["granted"] is True
    assert after["granted"] is False
    assert after["categories"]["analytics"]["reason"] == "expired"
    assert after["expire_cookies"] == ["stats_*", "video_id"]


@pytest.mark.parametrize(
    "given, last, ended",
    [
        ("2028-02-29T10:00:00.000", "2029-02-28T23:59:59.999", "2029-03-01T00:00:00.000"),
        ("2027-02-28T10:00:00.000", "2028-02-28T09:59:59.999", "2028-02-28T10:00:00.000"),
        ("2027-03-28T01:30:00.000", "2028-03-28T01:29:59.999", "2028-03-28T01:30:00.000"),
        ("2026-12-31T23:59:59.999", "2027-12-31T23:59:59.998", "2027-12-31T23:59:59.999"),
    ],
)
def test_a_year_ends_on_the_same_day_or_after_the_last_one_of_february(
    decide, check, clock, given, last, ended
):
    clock.set(f"{given}+00:00")
    recorded = decide(acceptance()).json
    clock.set(f"{last}+00:00")
    before = check(recorded["token"])["granted"]
    clock.set(f"{ended}+00:00")
    after = check(recorded["token"])["granted"]

    assert recorded["expires_at"] == f"{ended}Z"
    assert (before, after) == (True, False)


@pytest.mark.parametrize("profile", ["fr-cnil", "ie-dpc", "it-garante"])
def test_six_months_after_the_31st_of_august_end_with_february(decide, publish, clock, profile):
    clock.set("2026-08-31T12:00:00+00:00")
    short = publish("short", profile=profile, reprompt_after="P6M")

    recorded = decide(acceptance(bundle=short.bundle_hash), site_id="short").json

    assert recorded["expires_at"] == "2027-03-01T00:00:00.000Z"


def test_a_past_instant_is_answered_as_it_was(decide, check, clock):
    def at(hour):
        return clock.set(f"2026-12-01T{hour:02}:00:00+00:00")

    at(8)
    decide(acceptance())
    at(10)
    decide(withdrawal(2))
    at(12)
    token = decide(acceptance(3)).json["token"]
    at(20)

    hours = {7: "unknown", 8: "granted", 9: "granted", 10: "withdrawn", 11: "withdrawn"}
    hours |= {12: "granted", 13: "granted"}
    found = {
        hour: check(token, at=f"2026-12-01T{hour:02}:00:00Z")["categories"]["analytics"]["reason"]
        for hour in hours
    }
    edge = check(token, at="2026-12-01T09:59:59.999Z")

    assert found == hours
    assert edge["granted"] is True
    assert check(token)["granted"] is True


def test_a_past_instant_is_answered_by_the_bundle_of_that_time(decide, publish, check, clock):
    token = decide(acceptance()).json["token"]
    clock.advance(days=1)
    publish(texts=CHANGED_TEXT)
    clock.advance(days=1)

    assert check(token)["categories"]["analytics"]["reason"] == "stale"
    assert check(token, at="2026-11-23T19:59:59Z")["granted"] is True


def test_an_expired_token_still_answers_for_the_time_it_was_live(decide, check, clock):
    token = decide(acceptance()).json["token"]
    clock.set("2028-06-01T00:00:00+00:00")

    assert check(token)["granted"] is False
    assert check(token, at="2027-06-01T00:00:00Z")["granted"] is True
    assert check(token, at="2027-11-22T20:00:00Z")["granted"] is False


def test_the_future_cannot_be_asked_about(decide, client, api_key):
    parameters = {"site": "demo", "at": "2026-11-22T20:00:00.001Z"}
    answer = client.get(URL, query_string=parameters, headers=api_key("check"))

    assert (answer.status_code, answer.json["reason"]) == (422, "instant_in_future")


def test_an_expired_token_grants_nothing_of_what_was_withdrawn_since(decide, check, clock):
    decide(acceptance())
    clock.set("2027-06-01T00:00:00+00:00")
    token = decide(a_decision(n=2, categories={"analytics": True})).json["token"]
    clock.set("2027-07-01T00:00:00+00:00")
    decide(withdrawal(3))
    clock.set("2027-12-01T00:00:00+00:00")

    answer = check(token)

    assert answer["granted"] is False
    assert {verdict["granted"] for verdict in answer["categories"].values()} - {True} == {False}
    assert answer["categories"]["analytics"]["reason"] == "withdrawn"


def test_in_the_last_fraction_of_a_second_a_withdrawn_consent_stays_withdrawn(decide, check, clock):
    clock.advance(milliseconds=900)
    token = decide(acceptance()).json["token"]
    clock.advance(days=1)
    decide(withdrawal(2))
    clock.set("2027-11-22T20:00:00.300+00:00")

    assert check(token)["granted"] is False


def test_an_expired_token_is_worth_nothing_although_a_newer_consent_lives(decide, check, clock):
    old = decide(acceptance()).json["token"]
    clock.set("2027-06-01T00:00:00+00:00")
    new = decide(acceptance(2)).json["token"]
    clock.set("2027-12-01T00:00:00+00:00")

    assert check(old)["categories"]["analytics"]["reason"] == "expired"
    assert check(new)["granted"] is True


def test_many_questions_are_answered_in_their_order(decide, client, api_key):
    token = decide(a_decision()).json["token"]
    checks = [{"token": token, "category": id_} for id_ in ("analytics", "marketing")]

    answer = client.post(URL, json={"site": "demo", "checks": checks}, headers=api_key("check"))

    assert [result["granted"] for result in answer.json["results"]] == [True, False]
    assert answer.json["checked_at"] == "2026-11-22T20:00:00.000Z"


@pytest.mark.parametrize("count, status", [(0, 422), (1, 200), (100, 200), (101, 422)])
def test_at_most_100_questions_are_answered_together(client, site, api_key, count, status):
    body = {"site": "demo", "checks": [{"token": None}] * count}

    assert client.post(URL, json=body, headers=api_key("check")).status_code == status


MALFORMED = {
    "no site": {},
    "a site that is none": {"site": "../demo"},
    "a category that is none": {"site": "demo", "category": "<script>"},
    "an instant that is none": {"site": "demo", "at": "yesterday"},
    "an instant without zone": {"site": "demo", "at": "2026-11-22T20:00:00"},
    "an unknown parameter": {"site": "demo", "key": "cp_live"},
}


def test_a_malformed_question_is_refused(client, site, api_key):
    key = api_key("check")

    answers = [client.get(URL, query_string=q, headers=key) for q in MALFORMED.values()]
    twice = client.get(f"{URL}?site=demo&site=other", headers=key)

    assert [answer.status_code for answer in answers] == [422] * len(MALFORMED)
    assert {answer.json["reason"] for answer in answers} == {"invalid_request"}
    assert (twice.status_code, twice.json["reason"]) == (400, "parameter_repeated")
    assert twice.json["parameter"] == "site"


def test_a_key_opens_its_own_site_alone_and_another_one_looks_unknown(
    client, publish, site, api_key
):
    publish("other")
    key = api_key("check", site="other")

    foreign = client.get(URL, query_string={"site": "demo"}, headers=key)
    unknown = client.get(URL, query_string={"site": "nowhere"}, headers=key)

    assert (foreign.status_code, foreign.json["reason"]) == (404, "site_unknown")
    assert foreign.data == unknown.data


def test_keys_that_open_nothing_are_refused(client, site, app, clock, api_key):
    good = api_key("check")["Authorization"]
    revoked = api_key("check")["Authorization"]
    with app.app_context():
        revoke_key(revoked.split("_")[2], clock.instant)
    headers = {
        "key_missing": [{}, {"Authorization": ""}, {"Authorization": "Basic Zm9vOmJhcg=="}],
        "key_invalid": [
            {"Authorization": revoked},
            {"Authorization": "Bearer cp_live"},
            {"Authorization": f"{good[:-1]}{'A' if good[-1] != 'A' else 'B'}"},
            {"Authorization": f"{good}A"},
            {"Authorization": "Bearer cp_live_00000000_" + "A" * 43},
        ],
    }

    for reason, tried in headers.items():
        for header in tried:
            answer = client.get(URL, query_string={"site": "demo"}, headers=header)
            assert (answer.status_code, answer.json["reason"]) == (401, reason), header
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_for_something_else_is_refused(client, site, api_key):
    answer = client.get(URL, query_string={"site": "demo"}, headers=api_key("export"))

    assert (answer.status_code, answer.json["reason"]) == (403, "scope_missing")
    assert answer.json["scope"] == "check"


def test_the_scope_admin_includes_the_others(client, site, api_key):
    answer = client.get(URL, query_string={"site": "demo"}, headers=api_key("admin"))

    assert answer.status_code == 200


def test_a_key_in_a_browser_is_refused(client, site, api_key):
    headers = {**api_key("check"), "Origin": "https://shop.example"}

    answer = client.get(URL, query_string={"site": "demo"}, headers=headers)

    assert (answer.status_code, answer.json["reason"]) == (403, "key_in_browser")
    assert "Access-Control-Allow-Origin" not in answer.headers
