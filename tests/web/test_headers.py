"""The headers of every answer of every route, good and refused."""

import psycopg
import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from tests.builders import ORIGIN, VISITOR, acceptance
from tests.web.routes import EVERYWHERE, ROUTES

TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def environment(environment):
    """A service whose operator may ask for metrics."""
    return {**environment, "CONSENT_METRICS_TOKEN": TOKEN}


@pytest.fixture
def call(client, decide, seal, api_key):
    """Call a route of the table as somebody who may; gives its answer."""
    build = acceptance()["build"]
    record = decide(acceptance()).json["record_id"]
    seal()
    page = {"Origin": ORIGIN, "Consent-Id": VISITOR}
    operator = {"Authorization": f"Bearer {TOKEN}"}
    headers = {"anyone": {}, "page": page, "operator": operator}
    headers |= {scope: api_key(scope) for scope in ("check", "export", "admin")}

    def call(line, method="GET", **more):
        own = {**headers[line.who], **more.pop("headers", {})}
        address = line.address.format(build=build, record=record)
        return client.open(address, method=method, headers=own, buffered=True, **more)

    return call


def test_the_table_knows_every_route_and_its_methods(app):
    found = {}
    for rule in app.url_map.iter_rules():
        found.setdefault(rule.rule, set()).update(rule.methods - {"HEAD", "OPTIONS"})

    assert found == {rule: set(line.methods) for rule, line in ROUTES.items()}


def test_every_good_answer_carries_the_headers_of_its_surface(call):
    for rule, line in ROUTES.items():
        answer = call(line)
        wanted = {**EVERYWHERE, **line.headers}
        found = {name: answer.headers.get(name) for name in wanted}
        assert (rule, answer.status_code, found) == (rule, 200, wanted)


def test_no_answer_sets_a_cookie_or_allows_credentials(call):
    for line in ROUTES.values():
        for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"):
            answer = call(line, method, headers={"Cookie": "session=1"})
            assert "Set-Cookie" not in answer.headers
            assert "Access-Control-Allow-Credentials" not in answer.headers
            assert "Access-Control-Allow-Private-Network" not in answer.headers
            assert "Cookie" not in answer.headers.get("Vary", "")


def test_a_method_that_a_route_does_not_have_is_a_problem_with_allow(call):
    for rule, line in ROUTES.items():
        for method in {"PUT", "PATCH", "DELETE", "TRACE", "CONSENT"} - line.methods:
            answer = call(line, method, data=b"" if method != "TRACE" else None)
            assert answer.status_code == 405, (rule, method)
            assert answer.mimetype == "application/problem+json"
            allowed = {name.strip() for name in answer.headers["Allow"].split(",")}
            assert allowed - {"HEAD", "OPTIONS"} == line.methods, rule
            assert answer.json["reason"] == "method_not_allowed"
            assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE


def test_a_condition_that_does_not_hold_is_a_problem_that_no_cache_keeps(call):
    asked = {"If-Match": '"another"', "Range": "bytes=999999999-"}
    refused = set()
    for rule, line in ROUTES.items():
        answer = call(line, headers=asked)
        if answer.status_code != 200:
            refused.add(rule)
            found = (answer.status_code, answer.mimetype, answer.headers["Cache-Control"])
            assert (rule, *found) == (rule, 412, "application/problem+json", "no-store")
            assert answer.json["reason"] == "precondition_failed"
            assert len(answer.data) < 500
            assert "Content-Encoding" not in answer.headers
    assert refused == {"/s/<site_id>.js", "/widget/<build>.js", "/v1/sites/<site_id>/bundle"}


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/v1",
        "/v1/",
        "/v1/check/",
        "//v1/check",
        "/v1//check",
        "/V1/check",
        "/healthz/",
        "/s/demo",
        "/s/../healthz",
        "/v1/sites/demo",
        "/v1/sites/demo/consents/",
        "/.env",
        "/static/docs.css",
        "/%00",
        "/v1/sites/%00/bundle",
        "/v1/sites/de%0Amo/bundle",
        "/s/%00.js",
        "/widget/%00.js",
        "/s/%FF%FE.js",
        "/v1/sites/%E2%80%AEomed/bundle",
        "/widget/" + "A" * 43 + ".js",
        "/s/" + "a" * 2000 + ".js",
    ],
)
def test_an_address_that_leads_nowhere_is_a_problem_and_not_a_redirect(client, site, address):
    answer = client.get(address, headers={"Host": "evil.example"})

    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.json.keys() >= {"type", "title", "status", "detail", "reason"}
    assert "Location" not in answer.headers
    assert "evil" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_each_answer_has_an_id_of_its_own_and_none_of_the_clients(client):
    answers = [client.get("/healthz", headers={"X-Request-Id": "mine"}) for _ in range(2)]

    ids = {answer.headers["X-Request-Id"] for answer in answers}
    assert len(ids) == 2
    assert "mine" not in ids


def test_transport_security_is_asked_for_where_the_public_address_has_some(
    client, environment, tmp_path
):
    """Whoever the proxy is, and whatever it says."""
    given = {"CONSENT_PUBLIC_URL": "http://127.0.0.1:8000", "CONSENT_DATA_DIR": str(tmp_path / "l")}
    local = create_app(load_settings({**environment, **given})).test_client()
    said = {"X-Forwarded-Proto": "https"}
    plain = local.get("/healthz", headers=said)
    with local.application.app_context():
        db.engine.dispose()
    secure = client.get("/healthz", environ_base={"REMOTE_ADDR": "10.0.0.7"})

    assert "Strict-Transport-Security" not in plain.headers
    assert secure.headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_what_a_peer_says_of_the_scheme_counts_for_nothing(server):
    for said in ({"X-Forwarded-Proto": "https", "X-Forwarded-Ssl": "off"}, {}):
        status, headers, _ = server.request("GET", "/healthz", headers=said)
        assert (status, "Strict-Transport-Security" in headers) == (200, True)


def test_a_fault_of_ours_tells_nothing_but_an_id(client, site, monkeypatch, capsys):
    def fail(*_):
        raise RuntimeError("secret at /srv/consent/keys")

    monkeypatch.setattr("consent_server.embed.routes.in_force_for_pages", fail)
    client.application.testing = False

    with capture_logs() as lines:
        answer = client.get("/s/demo.js")

    assert (answer.status_code, answer.json["reason"]) == (500, "internal_error")
    [told] = [line for line in lines if line["event"] == "request_failed"]
    assert told["request_id"] == answer.headers["X-Request-Id"]
    assert answer.mimetype == "application/problem+json"
    assert "secret" not in answer.text and "RuntimeError" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.json["detail"]
    assert {name: answer.headers.get(name) for name in EVERYWHERE} == EVERYWHERE


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (sa.exc.OperationalError, Exception),
        (sa.exc.DatabaseError, Exception),
        # What is prepared was forgotten.
        (sa.exc.ProgrammingError, psycopg.errors.InvalidSqlStatementName),
    ],
)
def test_a_database_that_is_gone_or_damaged_is_a_503_to_try_again(
    client, site, monkeypatch, kind, said
):
    def fail(*_, **__):
        raise kind("SELECT 'secret'", {"id": "secret"}, said("secret"))

    monkeypatch.setattr("consent_server.sites.pages.in_force", fail)

    answer = client.post("/v1/sites/demo/consents", json=acceptance(), headers={"Origin": ORIGIN})

    assert (answer.status_code, answer.json["reason"]) == (503, "database_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert "secret" not in answer.text
