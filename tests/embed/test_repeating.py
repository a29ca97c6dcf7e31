"""A script that is repeated in front of the framework is what the framework would answer."""

import itertools

import pytest

from consent_server.embed import repeating
from consent_server.sites import remembered
from consent_server.sites.archiving import archive
from consent_server.sites.remembered import remember_by
from consent_server.web import headers
from tests.application import NOW

URL = "/s/demo.js"
ENCODINGS = [None, "br", "gzip", "identity", "gzip, br;q=0.5", "*;q=0", "br;q=x", "deflate"]
CONDITIONS = [None, '"{}"', 'W/"{}"', '"other", "{}"', "*", "{}", '"other"', "nonsense ,"]


@pytest.fixture
def seconds(app, site, monkeypatch):
    """The service remembers, and goes by a clock that only the test moves."""
    monkeypatch.setattr(remembered, "FRESH_SECONDS", 0.9)
    passed = [0.0]
    with app.app_context():
        remember_by(lambda: passed[0])
    return passed


@pytest.fixture
def seen(app, monkeypatch):
    """How many requests reached the framework."""
    count = []
    app.before_request_funcs[None].insert(0, lambda: count.append(1))
    return count


def plain(answer):
    """What has to be the same in both answers."""
    kept = [pair for pair in answer.headers if pair[0] not in ("Date", "X-Request-Id")]
    return answer.status, sorted(kept), answer.data


def test_every_way_to_ask_is_answered_as_the_framework_answers(app, client, seconds, seen):
    etag = client.get(URL, headers={"Accept-Encoding": "br"}).headers["ETag"].strip('"')
    for encoding, condition in itertools.product(ENCODINGS, CONDITIONS):
        asked = {"Accept-Encoding": encoding, "If-None-Match": condition and condition.format(etag)}
        asked = {name: value for name, value in asked.items() if value is not None}
        for scheme in ("http", "https"):
            ask = lambda: client.get(URL, headers=asked, base_url=f"{scheme}://x.example")  # noqa: E731, B023
            framework = ask()
            seen.clear()
            repeated = ask()

            assert seen == []
            assert plain(repeated) == plain(framework), asked
            assert repeated.headers["Date"]
            assert repeated.headers["X-Request-Id"] != framework.headers["X-Request-Id"]


@pytest.mark.parametrize(
    "change",
    [
        {"method": "HEAD"},
        {"method": "OPTIONS"},
        {"method": "POST", "data": b"{}"},
        {"query_string": "a=b"},
        {"headers": {"Range": "bytes=0-1"}},
        {"headers": {"If-Match": '"x"'}},
        {"headers": {"If-Modified-Since": "Sun, 29 Nov 2026 06:00:00 GMT"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"Content-Encoding": "br"}},
        {"headers": {"Upgrade": "websocket", "Connection": "Upgrade"}},
        {"headers": {"Accept-Encoding": "br," * 300}},
        {"data": b"body"},
    ],
)
def test_what_no_page_asks_goes_through(client, seconds, seen, change):
    for _ in range(3):
        client.get(URL)
        seen.clear()
        client.open(URL, **{"method": "GET", **change})
        assert seen == [1]


def test_what_is_published_or_archived_is_repeated_no_more(
    app, client, clock, seconds, publish, seen
):
    answers = [client.get(URL) for _ in range(3)]
    publish("demo", name="Another name")

    changed = client.get(URL)

    assert changed.headers["ETag"] != answers[-1].headers["ETag"]
    with app.app_context():
        archive("demo", clock.instant)
    assert [client.get(URL).status_code for _ in range(3)] == [404, 404, 404]


def test_it_is_repeated_for_less_than_a_second_and_then_looked_up(client, seconds, seen):
    for _ in range(3):
        client.get(URL)
    seen.clear()
    client.get(URL)
    assert seen == []

    seconds[0] += 0.95

    client.get(URL)
    assert seen == [1]
    client.get(URL)
    assert seen == [1]


def test_a_rotated_key_ring_is_repeated_no_more(app, client, seconds):
    before = [client.get(URL) for _ in range(3)][-1]

    app.extensions["consent_keys"].rotate(NOW)

    assert client.get(URL).headers["ETag"] != before.headers["ETag"]


def test_a_repeated_answer_has_its_line_in_the_log(client, seconds, monkeypatch):
    lines = []
    for _ in range(2):
        client.get(URL)
    monkeypatch.setattr(headers.logs, "request", lambda *values: lines.append(values))

    answer = client.get(URL)

    [(*line, ms)] = lines
    assert line == [answer.headers["X-Request-Id"], "GET", repeating.ROUTE, 200]
    assert ms >= 0


def test_answers_are_limited(client, seconds, monkeypatch, app):
    monkeypatch.setattr(repeating, "MOST_ANSWERS", 3)
    for number in range(10):
        for _ in range(2):
            client.get(URL, headers={"If-None-Match": f'"{number}"'})

    assert len(app.wsgi_app._answers) == 3
