"""Only pages of the listed origins may record decisions or read what is recorded."""

import pytest

from tests.builders import ORIGIN, VISITOR, a_decision

LISTED = ["https://shop.example", "https://fr.shop.example"]
HOSTILE = [
    "null",
    "*",
    "",
    " ",
    "https://",
    "shop.example",
    "//shop.example",
    "http://shop.example",
    "ftp://shop.example",
    "file://shop.example",
    "HTTPS://shop.example",
    "https://SHOP.example",
    "https://Shop.example",
    "https://shop.example/",
    "https://shop.example/path",
    "https://shop.example?x",
    "https://shop.example#x",
    "https://shop.example:443",
    "https://shop.example:8443",
    "https://shop.example:",
    "https://shop.example:80",
    "https://shop.example.",
    "https://shop.example..",
    "https://.shop.example",
    "https://shop.example.evil",
    "https://shop.example.evil.com",
    "https://evil.com/shop.example",
    "https://evil.com#shop.example",
    "https://evil.com?https://shop.example",
    "https://shop.example@evil.com",
    "https://evil.com@shop.example",
    "https://user:pass@shop.example",
    "https://shopXexample",
    "https://shop-example",
    "https://shopexample",
    "https://xshop.example",
    "https://evilshop.example",
    "https://a.b.shop.example",
    "https://*.shop.example",
    "https://-.shop.example",
    "https://_.shop.example",
    "https://fr.shop.example.evil.com",
    "https://fr.shop.example:444",
    "http://fr.shop.example",
    "https://sh\u043ep.example",
    "https://xn--shp-0ya.example",
    "https://shop\u3002example",
    "https://shop.example\u200b",
    "https://shop.example%00.evil.com",
    "https://shop.example%2eevil.com",
    "https://shop.example\\evil.com",
    "https://shop.example\tevil",
    "https://shop.example evil",
    "https://shop.example,https://evil.com",
    "https://shop.example https://evil.com",
    "https://evil.com, https://shop.example",
    "https:/shop.example",
    "https:shop.example",
    "https:///shop.example",
    "https://127.0.0.1",
    "https://[::1]",
    "http://localhost",
    "chrome-extension://abcdefghijklmnop",
    "android-app://shop.example",
]
#: Path → what a page may do there.
RECORDING = {
    "/v1/sites/demo/consents": "POST, OPTIONS",
    "/v1/sites/demo/me": "GET, DELETE, OPTIONS",
    "/v1/sites/demo/me/receipt": "GET, OPTIONS",
}


@pytest.fixture
def ask(client, site):
    """Send a request with an Origin header as it is, in the bytes that a server would pass on."""

    def ask(origin, path="/v1/sites/demo/consents", method="POST", **more):
        headers = {"Consent-Id": VISITOR}
        environ = {} if origin is None else {"HTTP_ORIGIN": origin.encode().decode("latin-1")}
        return client.open(path, method=method, headers=headers, environ_overrides=environ, **more)

    return ask


def test_60_hostile_origins_record_and_read_nothing(ask, records):
    assert len(HOSTILE) >= 60
    for origin in HOSTILE:
        for answer in (
            ask(origin, json=a_decision()),
            ask(origin, method="OPTIONS"),
            ask(origin, "/v1/sites/demo/me", "GET"),
            ask(origin, "/v1/sites/demo/me", "DELETE"),
            ask(origin, "/v1/sites/demo/me", "OPTIONS"),
        ):
            assert (answer.status_code, answer.json["reason"]) == (403, "origin_not_allowed"), (
                origin
            )
            assert not any(name.startswith("Access-Control") for name, _ in answer.headers)
            assert answer.headers["Vary"] == "Origin"
    assert records() == []


def test_a_request_without_origin_records_nothing(ask, records):
    assert ask(None, json=a_decision()).status_code == 403
    assert records() == []


def test_two_origins_in_one_request_are_refused(client, site, records):
    headers = [("Origin", ORIGIN), ("Origin", "https://evil.example")]

    answer = client.post("/v1/sites/demo/consents", json=a_decision(), headers=headers)

    assert answer.status_code == 403
    assert records() == []


@pytest.mark.parametrize("origin", LISTED)
def test_a_listed_origin_gets_its_own_name_back(ask, origin):
    answer = ask(origin, json=a_decision())

    assert answer.status_code == 201
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("path", RECORDING)
def test_a_preflight_of_a_listed_origin_names_what_is_allowed(ask, path):
    answer = ask(ORIGIN, path, "OPTIONS")

    writes = path.endswith("consents")
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Access-Control-Allow-Methods"] == RECORDING[path]
    wanted = "content-type, idempotency-key" if writes else "consent-id"
    assert answer.headers["Access-Control-Allow-Headers"] == wanted
    assert answer.headers["Access-Control-Max-Age"] == "7200"


def test_a_page_that_is_listed_can_read_why_it_was_refused(ask):
    answers = [ask(ORIGIN, json=a_decision(n=0)), ask(ORIGIN, data=b"{"), ask(ORIGIN, json=[])]

    assert [answer.status_code for answer in answers] == [422, 415, 400]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {ORIGIN}


def test_no_route_for_records_answers_everybody(client, site, api_key):
    key = api_key("admin")
    addresses = [*RECORDING, "/v1/check?site=demo", "/v1/sites/demo/export?format=csv"]

    answers = [client.get(address, headers=key) for address in addresses]
    answers += [client.options(address) for address in addresses]

    assert not any("Access-Control-Allow-Origin" in answer.headers for answer in answers)


def test_what_pages_load_answers_everybody(client, site):
    addresses = ["/s/demo.js", "/v1/sites/demo/bundle", "/.well-known/jwks.json"]

    answers = [client.get(address) for address in addresses]

    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {"*"}
