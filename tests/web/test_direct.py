"""The short way to a route answers as the long one does."""

import json
import re

import pytest

from consent_server.web import direct, headers
from tests.builders import ORIGIN, acceptance, refusal

RECORD = "/v1/sites/demo/consents"
#: What no two answers share.
OWN = re.compile(r'"(record_id|token|recorded_at|checked_at)":"[^"]*"|("[a-z_]+_at":"[^"]*")')


@pytest.fixture
def long_way(app, monkeypatch):
    """A function: have no short ways from now on."""
    return lambda: monkeypatch.setattr(app, "_ways", [])


@pytest.fixture
def short(app, monkeypatch):
    """The requests that were answered the short way, by their rules."""
    taken = []
    finished = direct._finished

    def finish(given, asked):
        taken.append(asked.url_rule.rule)
        return finished(given, asked)

    monkeypatch.setattr(direct, "_finished", finish)
    return taken


def plain(answer):
    """What has to be the same in both answers; of a cookie, its name."""
    unlike = ("X-Request-Id", "Content-Length")
    kept = [(name, value) for name, value in answer.headers if name not in unlike]
    kept = [(name, value.split("=")[0] if name == "Set-Cookie" else value) for name, value in kept]
    return answer.status, sorted(kept), OWN.sub("", answer.text)


def ask_to_record(client, number, body=acceptance, headers=(), **changes):
    """Send a decision, of another visitor for each number."""
    name = f"{number:022}"
    visitor = {"consent_id": name} if body is not refusal else {}
    content = json.dumps(body(idempotency_key=name, **visitor))
    given = {"Origin": ORIGIN, **dict(headers)}
    asked = {"data": content, "content_type": "text/plain", "headers": given, **changes}
    return client.post(RECORD, **asked)


def on_an_old_bundle(**changes):
    """A decision on what is not published."""
    return acceptance(bundle="B" * 43, **changes)


DECISIONS = {
    "plain": ({}, True),
    "JSON": ({"content_type": "application/json"}, True),
    "on the site's own host": ({"headers": {"Sec-Fetch-Site": "same-origin"}}, True),
    "with the signal": ({"headers": {"Sec-GPC": "1"}}, True),
    "refused": ({"body": refusal}, True),
    "of another origin": ({"headers": {"Origin": "https://other.example"}}, False),
    "of no page": ({"headers": {"Origin": ""}}, False),
    "incomplete": ({"data": b"{}"}, False),
    "no JSON": ({"data": b"{"}, False),
    "of another type": ({"content_type": "text/html"}, False),
    "too large": ({"data": b" " * 9000}, False),
    "far too large": ({"data": b" " * 70_000}, False),
    "with a query": ({"query_string": "a=b"}, False),
    "compressed": ({"headers": {"Content-Encoding": "br"}}, False),
    "chunked": ({"headers": {"Transfer-Encoding": "chunked"}}, False),
    "on an old bundle": ({"body": on_an_old_bundle}, False),
    "with a broken key": ({"headers": {"Idempotency-Key": "short"}}, False),
    "with a broken key, no JSON": ({"headers": {"Idempotency-Key": "short"}, "data": b"{"}, False),
    "upgraded": ({"headers": {"Upgrade": "websocket", "Connection": "upgrade"}}, False),
    "to a strange host": ({"headers": {"Host": "a" * 64 + ".example"}}, False),
    "to no host": ({"headers": {"Host": "a b"}}, False),
}


@pytest.mark.parametrize(("changes", "is_short"), DECISIONS.values(), ids=DECISIONS.keys())
def test_a_decision_is_answered_as_the_framework_answers(
    client, site, short, long_way, changes, is_short
):
    directly = ask_to_record(client, 1, **changes)
    assert bool(short) == is_short
    long_way()
    framework = ask_to_record(client, 2, **changes)

    assert plain(directly) == plain(framework)


CHECKS = {
    "plain": ({}, True),
    "of all": ({"category": None}, True),
    "with nothing": ({"token": None}, True),
    "with a forged token": ({"token": "a.b.c"}, True),
    "of what is not asked": ({"category": "unheard"}, True),
    "then": ({"at": "2026-11-22T20:00:00Z"}, False),
    "of a foreign site": ({"site": "other"}, False),
    "of no site": ({"site": "?"}, False),
    "of twice": ({"token": ["a", "b"]}, False),
    "with more": ({"more": "x"}, False),
}


@pytest.mark.parametrize(("changes", "is_short"), CHECKS.values(), ids=CHECKS.keys())
def test_a_check_is_answered_as_the_framework_answers(
    client, decide, api_key, short, long_way, changes, is_short
):
    token = decide(acceptance()).json["token"]
    short.clear()
    asked = {"site": "demo", "category": "analytics", "token": token, **changes}
    asked = {name: value for name, value in asked.items() if value is not None}
    key = api_key("check")

    directly = client.get("/v1/check", query_string=asked, headers=key)
    assert bool(short) == is_short
    long_way()
    framework = client.get("/v1/check", query_string=asked, headers=key)

    assert plain(directly) == plain(framework)
    assert directly.headers["X-Request-Id"] != framework.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "changes",
    [{"Authorization": ""}, {"Authorization": "Bearer x"}, {"Origin": ORIGIN}],
)
def test_a_key_is_refused_as_the_framework_refuses_it(client, site, api_key, long_way, changes):
    given = {**api_key("check"), **changes}
    directly = client.get("/v1/check?site=demo", headers=given)
    long_way()
    framework = client.get("/v1/check?site=demo", headers=given)

    assert directly.status_code in (401, 403)
    assert plain(directly) == plain(framework)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("HEAD", "/v1/check"),
        ("OPTIONS", "/v1/check"),
        ("PUT", "/v1/check"),
        ("OPTIONS", RECORD),
        ("GET", RECORD),
        ("POST", RECORD + "/"),
        ("POST", "/v1/sites/De_mo/consents"),
    ],
)
def test_whatever_else_is_asked_goes_the_long_way(client, site, short, long_way, method, path):
    directly = client.open(path, method=method, data=b"", headers={"Origin": ORIGIN})
    assert short == []
    long_way()
    framework = client.open(path, method=method, data=b"", headers={"Origin": ORIGIN})

    assert plain(directly) == plain(framework)


def test_a_short_way_runs_every_hook_and_writes_the_line(app, client, site, short, monkeypatch):
    hooked, lines = [], []
    app.before_request_funcs[None].append(lambda: hooked.append("before"))
    app.teardown_request(lambda _: hooked.append("after"))
    monkeypatch.setattr(headers.logs, "request", lambda *values: lines.append(values))

    answer = ask_to_record(client, 1)

    assert (answer.status_code, hooked, len(short)) == (201, ["before", "after"], 1)
    [(*line, ms)] = lines
    assert line == [answer.headers["X-Request-Id"], "POST", "/v1/sites/<site_id>/consents", 201]
    assert ms >= 0


def test_every_hook_after_a_request_is_one_that_the_short_way_knows(app):
    """It adds what they add in :func:`direct._finished`; another one has to be told to it."""
    hooks = {
        of: [f"{hook.__module__}.{hook.__name__}" for hook in hooks]
        for of, hooks in app.after_request_funcs.items()
        if hooks
    }

    # Of the whole service; a blueprint's own would be another one to be told of.
    assert hooks == {
        None: ["consent_server.web.headers._close_request", "consent_server.web.cors._add"]
    }
