"""Global Privacy Control: what counts as the signal, and what a decision under it may say."""

import json

import pytest

from tests.builders import ALL, ORIGIN, VISITOR, a_decision, acceptance, refusal, withdrawal

#: Values of the header lines, and whether they are the signal.
HEADERS = [
    ([], False),
    (["1"], True),
    ([" 1 "], True),
    (["0"], False),
    ([""], False),
    (["true"], False),
    (["yes"], False),
    (["01"], False),
    (["11"], False),
    (["1.0"], False),
    (["?1"], False),
    (["1;q=1"], False),
    ([" 1 x"], False),
    (["\u00b9"], False),
    (["0", "1"], True),
    (["1", "0"], True),
    (["0", "0"], False),
    (["1,1"], True),
    (["0,2"], False),
]


@pytest.fixture
def send(client, site):
    """Send a decision with lines of Sec-GPC."""

    def send(body, *lines):
        return client.post(
            "/v1/sites/demo/consents",
            data=json.dumps(body),
            content_type="text/plain;charset=UTF-8",
            headers=[("Origin", ORIGIN), *(("Sec-GPC", line) for line in lines)],
        )

    return send


@pytest.mark.parametrize(("lines", "counts"), HEADERS, ids=str)
def test_exactly_1_is_the_signal_in_any_line_of_the_header(send, records, lines, counts):
    assert send(refusal(), *lines).status_code == 201

    assert [record["gpc"] for record in records()] == [counts]


def test_the_body_alone_is_enough(decide, records):
    decide(refusal(gpc=True))

    assert [record["gpc"] for record in records()] == [True]


def test_a_header_that_comes_and_goes_does_not_make_another_request_of_a_retry(send, records):
    body = refusal()

    assert send(body).status_code == 201
    assert send(body, "1").status_code == 200
    assert [record["gpc"] for record in records()] == [False]


WITHOUT_MARKETING = {**ALL, "marketing": False}


def test_accept_all_leaves_off_what_the_signal_refused(send, check, records):
    answer = send(acceptance(categories=WITHOUT_MARKETING), "1")

    assert (answer.status_code, answer.json["event"]) == (201, "partial")
    assert check(answer.json["token"], "analytics")["granted"] is True
    assert check(answer.json["token"])["categories"]["marketing"]["reason"] == "refused"
    assert [record["gpc"] for record in records()] == [True]


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        pytest.param(acceptance(categories=WITHOUT_MARKETING), (), id="without the signal"),
        pytest.param(acceptance(categories=WITHOUT_MARKETING), ("0",), id="with another value"),
        pytest.param(acceptance(categories={**ALL, "analytics": False}), ("1",), id="not marked"),
        pytest.param(acceptance(services={"video": False}), ("1",), id="a service"),
    ],
)
def test_any_other_no_contradicts_accept_all(send, records, body, lines):
    answer = send(body, *lines)

    assert (answer.status_code, answer.json["reason"]) == (422, "action_mismatch")
    assert records() == []


def test_a_document_says_to_which_categories_the_signal_is_a_no(publish, send):
    gpc = {"analytics": True, "marketing": False}
    categories = [
        {"id": "necessary", "required": True, "reason": "consent_choice"},
        {"id": "functional"},
        *({"id": name, "gpc": value} for name, value in gpc.items()),
    ]
    bundle = publish("demo", categories=categories).bundle_hash

    analytics = acceptance(bundle=bundle, categories={**ALL, "analytics": False})
    marketing = acceptance(bundle=bundle, categories=WITHOUT_MARKETING)

    assert [send(body, "1").status_code for body in (analytics, marketing)] == [201, 422]


def test_an_explicit_grant_prevails_and_is_recorded_with_the_signal(send, check, records):
    granted = a_decision(categories={**ALL, "functional": False}, method="preferences")

    answer = send(granted, "1")

    assert check(answer.json["token"], "marketing")["granted"] is True
    assert [record["gpc"] for record in records()] == [True]


def test_the_signal_alone_refuses_and_withdraws_and_never_grants(send, check):
    token = send(acceptance()).json["token"]
    refused = send(refusal(method="gpc"), "1")
    withdrawn = send(
        withdrawal(2, categories={"marketing": False}, consent_id=VISITOR, method="gpc"), "1"
    )
    granted = send(acceptance(n=3, method="gpc"), "1")

    assert (refused.status_code, withdrawn.status_code) == (201, 201)
    assert check(token)["categories"]["marketing"]["reason"] == "withdrawn"
    assert check(token, "analytics")["granted"] is True
    assert (granted.status_code, granted.json["reason"]) == (422, "grant_untrusted")
