"""The answer on the site's own host sets what the widget wrote, and nothing anywhere else."""

import json
import urllib.parse
from http.cookies import SimpleCookie

import pytest

from tests.builders import (
    ALL,
    NONE,
    ORIGIN,
    VISITOR,
    a_decision,
    a_service,
    acceptance,
    bundle_hash,
    refusal,
    withdrawal,
)

OWN_HOST = {"Sec-Fetch-Site": "same-origin"}
HIDDEN = {"name": "stats_session", "kind": "cookie", "lifetime": "P1M", "http_only": True}


@pytest.fixture
def post(client, site):
    """Send a decision from a page; the headers say whether its host is the service's own."""

    def post(body, origin=ORIGIN, *, host="shop.example", **headers):
        return client.post(
            "/v1/sites/demo/consents",
            data=json.dumps(body),
            content_type="text/plain;charset=UTF-8",
            headers={"Origin": origin, **headers},
            base_url=f"https://{host}",
        )

    return lambda body, *args, **options: post(body, *args, **(options or OWN_HOST))


def _cookies(answer):
    """Return the cookies of an answer by name, each with its attributes; each name at most once."""
    lines = answer.headers.getlist("Set-Cookie")
    found = {name: morsel for line in lines for name, morsel in SimpleCookie(line).items()}
    assert len(found) == len(lines)
    return found


def _state(answer):
    return json.loads(urllib.parse.unquote(_cookies(answer)["consent_state"].value))


def test_a_refusal_sets_its_day_and_no_identifier(post):
    answer = post(refusal())

    assert answer.status_code == 201
    assert _state(answer) == {
        "v": 1,
        "bundle": bundle_hash(),
        "revision": 1,
        "day": "2026-11-22",
        "categories": NONE,
        "services": {},
    }
    assert set(_cookies(answer)) == {"consent_state"}


def test_two_visitors_who_refuse_on_one_day_are_given_the_same_bytes(post, clock):
    one = post(refusal()).headers.getlist("Set-Cookie")
    clock.set("2026-11-22T23:59:59.999+00:00")
    other = post(refusal(language="en", method="preferences")).headers.getlist("Set-Cookie")

    assert one == other


def test_a_choice_under_privacy_control_says_so(post):
    granted, refused = _state(post(acceptance(gpc=True))), _state(post(refusal(gpc=True)))

    assert granted["gpc"] is refused["gpc"] is True
    assert list(granted)[-5:] == ["services", "gpc", "id", "n", "expires"]


def test_a_cookie_is_secure_lax_for_this_host_and_ends_with_the_choice(post):
    answer = post(acceptance())

    line = answer.headers.getlist("Set-Cookie")[0].partition("; ")[2]
    assert line == "Expires=Mon, 22 Nov 2027 20:00:00 GMT; Path=/; SameSite=Lax; Secure"
    assert {morsel["expires"] for morsel in _cookies(answer).values()} == {
        "Mon, 22 Nov 2027 20:00:00 GMT"
    }


@pytest.mark.parametrize(
    ("decided", "ends"),
    [
        ("2026-11-22", "Tue, 23 Nov 2027 00:00:00 GMT"),
        ("2028-02-29", "Thu, 01 Mar 2029 00:00:00 GMT"),
        ("2027-02-28", "Tue, 29 Feb 2028 00:00:00 GMT"),
        ("2026-12-31", "Sat, 01 Jan 2028 00:00:00 GMT"),
    ],
)
def test_a_refusal_is_remembered_to_the_end_of_the_day(post, clock, decided, ends):
    clock.set(f"{decided}T12:00:00+00:00")

    assert _cookies(post(refusal()))["consent_state"]["expires"] == ends


def test_a_grant_sets_its_token_too(post):
    answer = post(acceptance())

    assert _cookies(answer)["consent_token"].value == answer.json["token"]
    assert (_state(answer)["id"], _state(answer)["n"]) == (VISITOR, 1)
    assert _state(answer)["expires"] == dict.fromkeys(ALL, "2027-11-22T20:00:00.000Z")


def test_a_withdrawal_sets_what_is_left(post):
    post(acceptance())

    answer = post(withdrawal(2))

    assert _state(answer)["categories"] == NONE
    assert _cookies(answer)["consent_token"].value == answer.json["token"]


def test_a_repeated_request_prolongs_nothing(post, clock):
    body = acceptance()
    first = _cookies(post(body))
    clock.advance(days=100)

    again = _cookies(post(body))

    assert {name: morsel["expires"] for name, morsel in again.items()} == {
        name: morsel["expires"] for name, morsel in first.items()
    }
    assert again["consent_state"].value == first["consent_state"].value


def test_a_choice_that_is_over_sets_nothing(post, clock):
    body = refusal()
    post(body)
    clock.set("2027-11-23T00:00:00+00:00")

    assert _cookies(post(body)) == {}


def test_a_grant_that_was_overridden_sets_nothing(post):
    grant = acceptance()
    post(grant)
    post(withdrawal(2))

    assert _cookies(post(grant)) == {}
    assert _cookies(post(acceptance(n=1))) == {}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="the browser says so"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, id="a sub-domain"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="no page"),
        pytest.param({"Sec-Fetch-Site": "same-origin, cross-site"}, id="said twice"),
        pytest.param({"host": "consent.example"}, id="an older browser, another host"),
        pytest.param({"host": "shop.example:8443"}, id="an older browser, another port"),
        pytest.param(
            {"host": "consent.example", "X-Forwarded-Host": "shop.example"}, id="a forged proxy"
        ),
        pytest.param(
            {"host": "consent.example", "Forwarded": "host=shop.example"}, id="a forged proxy, new"
        ),
    ],
)
@pytest.mark.parametrize("body", [refusal, acceptance])
def test_another_host_is_given_no_cookie(post, headers, body):
    answer = post(body(), **headers)

    assert answer.status_code == 201
    assert "Set-Cookie" not in answer.headers


def test_an_older_browser_is_known_by_the_host_it_asked(post):
    assert set(_cookies(post(refusal(), host="shop.example"))) == {"consent_state"}


def test_a_page_that_the_site_does_not_list_is_given_no_cookie(post):
    answer = post(refusal(), "https://consent.example")

    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_reading_sets_no_cookie(client, post):
    post(acceptance())
    paths = [
        "/s/demo.js",
        "/v1/sites/demo/bundle",
        "/v1/sites/demo/me",
        "/v1/sites/demo/me/receipt",
    ]
    headers = {"Origin": ORIGIN, "Consent-Id": VISITOR, **OWN_HOST}

    answers = [client.get(path, headers=headers, base_url=ORIGIN) for path in paths]
    answers.append(client.options("/v1/sites/demo/consents", headers=headers, base_url=ORIGIN))

    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 204]
    assert not any("Set-Cookie" in answer.headers for answer in answers)


def test_sub_domains_share_the_choice_when_the_document_says_so(post, publish):
    bundle = publish("demo", cookie_domain="shop.example").bundle_hash

    lines = post(refusal(bundle=bundle)).headers.getlist("Set-Cookie")

    # The cookie of the one host goes first: two of a name would be nobody's.
    assert lines[0] == "consent_state=; Max-Age=0; Path=/; SameSite=Lax; Secure"
    assert lines[1].endswith("; Path=/; SameSite=Lax; Secure; Domain=shop.example")
    assert len(lines) == 2


def test_services_that_are_split_are_told_completely(post, publish):
    services = [a_service("stats", "analytics"), a_service("more", "analytics")]
    bundle = publish("demo", services=services).bundle_hash

    answer = post(a_decision(bundle=bundle, services={"stats": True, "more": False}))

    assert _state(answer)["services"] == {"stats": True, "more": False}


def test_what_was_not_asked_again_keeps_its_end_and_its_revision(post, publish, clock):
    post(acceptance())
    clock.advance(days=30)
    changed = [
        *({"id": id_} for id_ in ALL),
        {"id": "necessary", "required": True, "reason": "security"},
    ]
    bundle = publish("demo", categories=changed, name="Other").bundle_hash

    answer = post(a_decision(n=2, bundle=bundle, categories={"marketing": False}))

    state = _state(answer)
    last = ["categories", "services", "revisions", "expires", "id", "n"]
    assert list(state) == ["v", "bundle", "revision", "day", *last]
    assert state["revisions"] == {"functional": 1, "analytics": 1}
    assert state["expires"]["analytics"] == "2027-11-22T20:00:00.000Z"
    assert state["expires"]["marketing"] == "2027-12-22T20:00:00.000Z"
    assert _cookies(answer)["consent_state"]["expires"] == "Wed, 22 Dec 2027 20:00:00 GMT"


def _ended(answer):
    names = (line.partition("=")[0] for line in answer.headers.getlist("Set-Cookie"))
    return {name for name in names if not name.startswith("consent_")}


def test_cookies_that_no_script_can_delete_end_with_what_they_served(post, publish):
    marketing = {**HIDDEN, "name": "ads_session"}
    services = [a_service("stats", "analytics", HIDDEN), a_service("ads", "marketing", marketing)]
    bundle = publish("demo", services=services).bundle_hash

    granted = post(a_decision(bundle=bundle))
    withdrawn = post(withdrawal(2, bundle=bundle))
    refused = post(refusal(bundle=bundle))

    assert _ended(refused) == {"stats_session", "ads_session"}
    assert _ended(granted) == {"ads_session"}
    assert _ended(withdrawn) == {"stats_session", "ads_session"}
    assert [
        line for line in withdrawn.headers.getlist("Set-Cookie") if line.startswith("stats_")
    ] == [
        "stats_session=; Max-Age=0; Path=/; Secure",
        "stats_session=; Max-Age=0; Path=/; Secure; Domain=shop.example",
    ]


def test_only_what_can_be_ended_by_name_and_is_used_by_nobody_is_ended(post, publish):
    stores = [
        {**HIDDEN, "name": "plain", "http_only": False},
        {**HIDDEN, "name": "pattern_*"},
        {**HIDDEN, "name": "evil; Domain=example"},
        {**HIDDEN, "name": "shared"},
        {**HIDDEN, "name": "own"},
    ]
    services = [
        a_service("ads", "marketing", *stores),
        a_service("stats", "analytics", {**HIDDEN, "name": "shared"}),
        a_service("login", "necessary", {**HIDDEN, "name": "login"}),
    ]
    bundle = publish("demo", services=services).bundle_hash

    assert _ended(post(a_decision(bundle=bundle))) == {"own"}


def test_an_answer_never_grows_beyond_what_proxies_take(post, publish):
    stores = [{**HIDDEN, "name": f"hidden_{at}"} for at in range(100)]
    bundle = publish("demo", services=[a_service("stats", "analytics", *stores)]).bundle_hash

    answer = post(refusal(bundle=bundle))

    assert len(_ended(answer)) == 20
    assert sum(map(len, answer.headers.getlist("Set-Cookie"))) < 8_000


def test_of_a_choice_too_long_for_a_cookie_more_is_refused_and_nothing_stays_of_the_one_before(
    post, publish
):
    """As the widget keeps it (widget/src/proof/fitting.ts)."""
    services = [a_service(f"service-number-{at}", "analytics") for at in range(200)]
    bundle = publish("demo", services=services).bundle_hash
    split = {service["id"]: at > 0 for at, service in enumerate(services)}

    answer = post(a_decision(bundle=bundle, categories=ALL, services=split))

    assert answer.status_code == 201
    assert answer.json["categories"]["analytics"]["granted"] is True
    state = _state(answer)
    assert state["categories"] == {"functional": True, "analytics": False, "marketing": True}
    assert (state["services"], state["id"]) == ({}, VISITOR)
