"""What only a real server shows: where a request ends, and what is said about one that is none."""

import json
import socket

import pytest

from tests.builders import ORIGIN, a_decision
from tests.web.routes import EVERYWHERE

BODY = json.dumps(a_decision()).encode()
POST = b"POST /v1/sites/demo/consents HTTP/1.1\r\nHost: x\r\nOrigin: https://shop.example\r\n"
TYPE = b"Content-Type: text/plain\r\n"
GET = b"GET /healthz HTTP/1.1\r\n"
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
#: Name → bytes, and the statuses that may come first.
FRAMINGS = {
    "chunked": (POST + TYPE + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED, {411}),
    "chunked and a length": (
        POST + TYPE + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKED,
        {400, 411},
    ),
    "two lengths": (POST + TYPE + LENGTH + b"Content-Length: 5\r\n\r\n" + BODY, {400}),
    "a signed length": (POST + TYPE + b"Content-Length: +5\r\n\r\n" + BODY, {400}),
    "a length that is a word": (POST + TYPE + b"Content-Length: five\r\n\r\n" + BODY, {400}),
    "a negative length": (POST + TYPE + b"Content-Length: -1\r\n\r\n" + BODY, {400}),
    "an obfuscated transfer coding": (
        POST + TYPE + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKED,
        {400, 411, 501},
    ),
    "a space before the colon": (POST + TYPE + b"Content-Length : 5\r\n\r\n" + BODY, {400}),
    "a folded header": (POST + TYPE + b"X-A: 1\r\n 2\r\n\r\n", {400, 411}),
    "a null byte in a header": (GET + b"Host: x\r\nX-A: a\x00b\r\n\r\n", {400}),
    "two hosts": (GET + b"Host: x\r\nHost: y\r\n\r\n", {400}),
    "no length": (POST + TYPE + b"\r\n", {411}),
    "a body shorter than said": (
        POST + TYPE + b"Content-Length: %d\r\n\r\n" % (len(BODY) + 10) + BODY,
        {400, 413},
    ),
    "a body shorter than said where none is read": (
        GET + b"Host: x\r\nContent-Length: 10\r\n\r\nabc",
        {400},
    ),
    "a head without its end": (GET + b"Host: x\r\n", {400}),
    "no host": (GET + b"\r\n", {400}),
    "another header that ends as the host's": (GET + b"X-Host: x\r\n\r\n", {400}),
    "no HTTP at all": (b"hello\r\n\r\n", {400}),
    "an unknown version": (b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n", {400}),
    "a method in small letters": (b"get /healthz HTTP/1.1\r\nHost: x\r\n\r\n", {400, 405}),
    "a very long address": (
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        {400, 414},
    ),
    "too many headers": (GET + b"Host: x\r\n" + b"X-A: 1\r\n" * 60 + b"\r\n", {400, 431}),
    "a very long header": (GET + b"Host: x\r\nX-A: " + b"a" * 20000 + b"\r\n\r\n", {400, 431}),
    "an expectation of something else": (
        POST + TYPE + LENGTH + b"Expect: miracles\r\n\r\n" + BODY,
        {417},
    ),
}


def parts(answer: bytes):
    head, _, body = answer.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    headers = dict(field.split(": ", 1) for field in fields)
    return int(line.split()[1]), headers, body[: int(headers["Content-Length"])]


def test_a_request_without_one_clear_end_is_refused_and_nothing_is_recorded(server, records):
    for name, (data, allowed) in FRAMINGS.items():
        status, headers, body = parts(server.raw(data))
        assert status in allowed, (name, status, body)
        assert headers["Content-Type"] == "application/problem+json", name
        assert {name: headers.get(name) for name in EVERYWHERE} == EVERYWHERE, name
        assert headers["Cache-Control"] == "no-store", name
        assert headers["Cross-Origin-Resource-Policy"] in ("same-origin", "cross-origin"), name
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000"), name
        assert json.loads(body)["status"] == status
        assert b"xchunked" not in body and b"hello" not in body
    assert records() == []
    assert server.request("GET", "/healthz")[0] == 200
    said, *lines = server.stop().splitlines()
    events = [json.loads(line)["event"] for line in lines]
    assert said.startswith("serving ")
    assert set(events) == {"request", "request_not_answered"}


def test_an_address_that_names_a_header_changes_nothing(server):
    for name in (b"content-length", b"Transfer-Encoding"):
        referer = b"Referer: https://shop.example/what-is-%s\r\n" % name
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
            client.sendall(POST + TYPE + referer + LENGTH + b"\r\n")
            assert server.request("GET", "/healthz")[0] == 200  # the head has been looked at
            client.sendall(BODY)

            assert client.recv(12) != b"HTTP/1.1 400"


def test_whoever_asks_for_the_head_alone_is_refused_without_a_body(server):
    long = b"X: " + b"x" * 9000
    for what, status in ((b"X", 400), (b"Expect: x", 417), (long, 431), (b"X: " * 30000, 431)):
        asked = b"/healthz HTTP/1.1\r\nHost: x\r\n" + what + b"\r\n\r\n"
        head, _, body = server.raw(b"HEAD " + asked).partition(b"\r\n\r\n")
        whole = server.raw(b"GET " + asked)

        assert head.startswith(b"HTTP/1.1 %d " % status)
        assert (body, parts(whole)[0]) == (b"", status)
        assert b"Content-Length: %d" % len(parts(whole)[2]) in head


def test_no_version_is_spoken_that_there_is_not(server):
    for version in (b"1.1", b"1.5", b"1.9"):
        answer = server.raw(b"GET /healthz HTTP/%s\r\nHost: x\r\n\r\n" % version)

        assert answer.startswith(b"HTTP/1.1 200 "), version


def test_whoever_is_closed_after_an_answer_is_told_so(server):
    for name in ("chunked", "two lengths", "a body shorter than said", "a very long header"):
        _, headers, _ = parts(server.raw(FRAMINGS[name][0]))

        assert headers["Connection"] == "close", name


def test_the_server_says_nothing_about_its_version(server):
    _, headers, _ = server.request("GET", "/s/demo.js")

    assert not any(letter.isdigit() for letter in headers.get("Server", ""))


def test_a_request_hidden_behind_two_ways_to_end_a_body_is_not_answered(server, records):
    hidden = POST + TYPE + LENGTH + b"\r\n" + BODY
    both = POST + TYPE + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    server.raw(both + b"0\r\n\r\n" + hidden)

    assert records() == []


@pytest.fixture
def marked(tmp_path):
    """Values that a client could be known by, in many places of a request."""
    return {
        "X-Forwarded-For": "203.0.113.77, 2001:db8::77",
        "Forwarded": "for=203.0.113.77",
        "User-Agent": "canary-agent-5b1fq7zk",
        "Referer": "https://shop.example/canary-page-5b1fq7zk?email=canary@example.org",
        "Accept-Language": "canary-language",
        "Cookie": "canary-cookie=5b1fq7zk",
    }


def test_nothing_that_names_a_visitor_is_stored_or_logged(
    server, marked, app, api_key, environment, tmp_path
):
    visitor = "Y2FuYXJ5Y2FuYXJ5Y2FuYQ"
    key = api_key("admin")
    page = {"Origin": ORIGIN, "Consent-Id": visitor, **marked}
    body = json.dumps(a_decision(consent_id=visitor)).encode()
    plain = {**page, "Content-Type": "text/plain"}
    status, _, answer = server.request("POST", "/v1/sites/demo/consents", body, plain)
    token = json.loads(answer)["token"]
    for rule in {rule.rule for rule in app.url_map.iter_rules()}:
        address = rule.replace("<site_id>", "demo").replace("<build>", "canary-build")
        for method in ("GET", "POST", "OPTIONS", "DELETE"):
            for headers in (page, {**marked, **key}):
                query = f"?site=demo&token={token}&format=csv&email=canary@example.org"
                server.request(method, address + query, b"canary-body", headers)
    server.request("GET", "/canary-path/203.0.113.77", headers=marked)
    server.raw(b"GET /canary-line\x00 HTTP/1.1\r\nX: 203.0.113.77\r\n\r\n")
    server.raw(GET + b"Host: x\r\nX-Canary : canary-header\r\n\r\n")

    log = server.stop()

    assert status == 201
    assert "ip=" not in log
    stored = log + dump(app) + files(tmp_path)
    secrets = [visitor, key["Authorization"].split("_", 3)[-1], token, "canary", "203.0.113.77"]
    secrets += ["2001:db8::77", "5b1fq7zk"]
    assert {secret: stored.count(secret) for secret in secrets} == dict.fromkeys(secrets, 0)
    assert '"route": "/v1/sites/<site_id>/consents"' in log


def dump(app) -> str:
    """Every value of every table, publications apart."""
    import sqlalchemy as sa

    from consent_server.db import db

    with app.app_context(), db.engine.connect() as connection:
        return "\n".join(
            repr(row)
            for table in db.metadata.sorted_tables
            if table.name not in ("publications", "widget_builds")
            for row in connection.execute(sa.select(table))
        )


def files(folder) -> str:
    """The bytes of every file of the data directory, the database among them."""
    kept = (path for path in folder.rglob("*") if path.is_file() and path.name != "server.log")
    return "\n".join(path.read_bytes().decode("latin-1") for path in kept)
