"""Decisions that are refused: nothing of them is recorded."""

import pytest

from tests.builders import (
    ALL,
    NONE,
    OTHER_ORIGIN,
    VISITOR,
    a_decision,
    acceptance,
    bundle_hash,
    refusal,
    withdrawal,
)

YES_AND_NO = {"functional": False, "analytics": True, "marketing": False}
FORGED = {
    "a category that the site does not have": (
        a_decision(categories={**ALL, "profiling": True}),
        (422, "category_unknown"),
    ),
    "a service that the site does not have": (
        a_decision(services={"spy": True}),
        (422, "category_unknown"),
    ),
    "a required category refused": (
        a_decision(categories={**YES_AND_NO, "necessary": False}),
        (422, "category_required"),
    ),
    "a category left out": (
        a_decision(categories={"analytics": True}),
        (422, "categories_incomplete"),
    ),
    "nothing answered": (a_decision(categories={}), (422, "categories_incomplete")),
    "a bundle that never was": (a_decision(bundle="A" * 43), (409, "bundle_outdated")),
    "another site's bundle": (
        a_decision(bundle=bundle_hash("other")),
        (409, "bundle_outdated"),
    ),
    "a refusal on a bundle that never was": (
        refusal(bundle="A" * 43),
        (409, "bundle_outdated"),
    ),
    "a withdrawal on another site's bundle": (
        withdrawal(2, bundle=bundle_hash("other")),
        (409, "bundle_outdated"),
    ),
    "a widget build that never was": (a_decision(build="A" * 43), (409, "build_unknown")),
    "a language that was not published": (a_decision(language="de"), (422, "language_unknown")),
    "a grant without consent id": (
        a_decision(consent_id=..., n=...),
        (422, "consent_id_required"),
    ),
    "a withdrawal without consent id": (
        withdrawal(..., consent_id=...),
        (422, "consent_id_required"),
    ),
    "a consent id without counter": (a_decision(n=...), (422, "invalid_request")),
    "a counter without consent id": (a_decision(consent_id=...), (422, "invalid_request")),
    "accept all with a no": (
        a_decision(action="accept_all", categories=YES_AND_NO),
        (422, "action_mismatch"),
    ),
    "accept all with a no to a service": (
        acceptance(services={"stats": False}),
        (422, "action_mismatch"),
    ),
    "reject all with a yes": (
        a_decision(action="reject_all", categories=YES_AND_NO),
        (422, "action_mismatch"),
    ),
    "withdraw with a yes": (
        a_decision(action="withdraw", categories=YES_AND_NO),
        (422, "action_mismatch"),
    ),
    "a grant by a scripted click": (a_decision(trusted=False), (422, "grant_untrusted")),
    "a grant that does not say who clicked": (
        a_decision(trusted=...),
        (422, "grant_untrusted"),
    ),
    "a service granted by a scripted click": (
        a_decision(categories=NONE, services={"stats": True}, trusted=False),
        (422, "grant_untrusted"),
    ),
    "a grant by a browser signal": (a_decision(method="gpc"), (422, "grant_untrusted")),
    "a grant by import": (a_decision(method="import"), (422, "grant_untrusted")),
    "an expiry that nobody presses": (a_decision(action="expired"), (422, "invalid_request")),
    "a yes that is a number": (
        a_decision(categories={**NONE, "analytics": 1}),
        (422, "invalid_request"),
    ),
    "a yes that is a word": (
        a_decision(categories={**NONE, "analytics": "yes"}),
        (422, "invalid_request"),
    ),
    "a counter from 0": (a_decision(n=0), (422, "invalid_request")),
    "a counter that is true": (a_decision(n=True), (422, "invalid_request")),
    "a consent id of another length": (a_decision(consent_id="short"), (422, "invalid_request")),
    "a consent id in another alphabet": (
        a_decision(consent_id=VISITOR[:-1] + "+"),
        (422, "invalid_request"),
    ),
    "an unknown key": (a_decision(note="hello"), (422, "invalid_request")),
    "no idempotency key": (
        a_decision(idempotency_key=...),
        (422, "idempotency_key_missing"),
    ),
    "a short idempotency key": (a_decision(idempotency_key="abc"), (422, "invalid_request")),
}


def test_a_forged_decision_is_refused_and_nothing_is_recorded(decide, publish, records):
    publish("other")

    answers = {name: decide(body) for name, (body, _) in FORGED.items()}

    found = {name: (answer.status_code, answer.json["reason"]) for name, answer in answers.items()}
    assert found == {name: expected for name, (_, expected) in FORGED.items()}
    assert {answer.mimetype for answer in answers.values()} == {"application/problem+json"}
    assert records("demo") == records("other") == []


def test_a_refusal_says_what_to_do_about_it(decide):
    incomplete = decide(a_decision(categories={"analytics": True})).json
    invalid = decide(a_decision(n=0, language=7)).json

    assert incomplete["missing"] == ["functional", "marketing"]
    assert {error["path"] for error in invalid["errors"]} == {"n", "language"}
    assert all(error["message"] for error in invalid["errors"])


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"trusted": False}, "trusted: true"),
        ({"method": "gpc"}, "the method gpc"),
        ({"method": "import", "trusted": False}, "the method import"),
    ],
)
def test_an_untrusted_grant_says_what_was_not_trusted(decide, changes, remedy):
    refused = decide(a_decision(**changes)).json

    asked = a_decision(**changes)
    assert refused["reason"] == "grant_untrusted"
    assert remedy in refused["detail"]
    assert (refused["method"], refused["trusted"]) == (asked["method"], asked["trusted"])


def test_a_page_of_another_origin_cannot_record(decide, records):
    answer = decide(a_decision(), origin=OTHER_ORIGIN)

    assert (answer.status_code, answer.json["reason"]) == (403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert records() == []


def test_an_unknown_site_is_not_found(decide):
    answer = decide(a_decision(), site_id="nowhere")

    assert (answer.status_code, answer.json["reason"]) == (404, "site_unknown")


def test_an_archived_site_answers_as_an_unknown_one(decide, app, clock, records):
    from consent_server.sites.archiving import archive

    with app.app_context():
        archive("demo", clock.instant)

    archived, unknown = decide(a_decision()), decide(a_decision(), site_id="nowhere")

    assert archived.status_code == 404
    assert archived.data == unknown.data
    assert records() == []


def test_a_parameter_in_the_address_of_a_write_is_refused(client, site, records):
    answer = client.post(
        "/v1/sites/demo/consents?site=other",
        json=a_decision(),
        headers={"Origin": "https://shop.example"},
    )

    assert (answer.status_code, answer.json["reason"]) == (422, "invalid_request")
    assert records() == []


@pytest.mark.parametrize("method", ["banner", "preferences", "placeholder", "api"])
def test_a_visitor_can_grant_wherever_the_site_asks(decide, method):
    answer = decide(acceptance(method=method))

    assert answer.status_code == 201


def test_the_pages_own_buttons_may_grant_by_the_api(decide, records):
    answer = decide(acceptance(method="api", trusted=False))

    assert answer.status_code == 201
    assert records()[0]["method"] == "api"


@pytest.mark.parametrize("method", ["gpc", "banner"])
def test_a_no_needs_no_trusted_click(decide, records, method):
    answer = decide(refusal(method=method, trusted=False, gpc=True))

    assert answer.status_code == 201
    assert (records()[0]["method"], records()[0]["gpc"]) == (method, True)


@pytest.mark.parametrize("body", [{"language": "xx"}, {"build": "A" * 43}])
def test_a_no_needs_no_text_that_was_read(decide, records, body):
    answer = decide(refusal(**body))

    assert (answer.status_code, len(records())) == (201, 1)


@pytest.mark.parametrize(
    "body, detail",
    [
        (
            a_decision(categories={"analytics": True}),
            "say true or false for these categories too: functional, marketing",
        ),
        (
            a_decision(action="reject_all", categories=YES_AND_NO),
            "reject_all contradicts the choice for analytics",
        ),
    ],
)
def test_a_refusal_names_what_it_is_about_in_words_too(decide, body, detail):
    assert decide(body).json["detail"] == detail


@pytest.mark.parametrize(
    "silence",
    [
        {"action": "save", "categories": {}, "services": {}},
        {"action": "accept_all", "categories": {"analytics": True}},
    ],
)
def test_what_was_not_asked_is_not_renewed(decide, records, silence):
    decide(acceptance())

    answer = decide(a_decision(n=2, **silence))

    assert (answer.status_code, answer.json["reason"]) == (422, "categories_incomplete")
    assert len(records()) == 1
