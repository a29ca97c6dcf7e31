"""Pages get what is known while the database is slow, and what is not known takes no threads."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from consent_server.sites import looking
from consent_server.sites.remembered import memory


class Slow:
    """What asks the database, which answers when it is let; says when it is asked."""

    def __init__(self, real):
        self._real = real
        self.is_there, self.asked, self.done = threading.Event(), *map(threading.Semaphore, (0, 0))

    def __call__(self, *given):
        self.asked.release()
        assert self.is_there.wait(30)
        try:
            return self._real(*given)
        finally:
            self.done.release()


@pytest.fixture
def slow(monkeypatch):
    """Let something be slow, by its name in ``looking``."""
    made = []

    def slow(name):
        made.append(Slow(getattr(looking, name)))
        monkeypatch.setattr(looking, name, made[-1])
        return made[-1]

    yield slow
    for each in made:
        each.is_there.set()


@pytest.fixture
def etag(client, monkeypatch):
    """What the script of a site is now."""
    monkeypatch.setattr(looking, "PATIENCE", 0.05)
    return lambda site="demo": client.get(f"/s/{site}.js").headers["ETag"]


def test_pages_wait_for_a_slow_database_once_and_not_again_until_it_is_quick(
    stopwatch, app, site, publish, elsewhere, etag, slow
):
    before = etag()
    with elsewhere:
        publish(name="Another name")
    database = slow("look_at")
    stopwatch.seconds += 3600
    assert [etag() for _ in range(3)] == [before] * 3
    database.is_there.set()
    assert database.done.acquire(timeout=30)

    with app.app_context():
        assert memory().sites.last("demo").publication.document["name"] == "Another name"


def test_a_database_that_was_slow_once_is_waited_for_later(
    stopwatch, site, publish, elsewhere, etag, slow, monkeypatch
):
    before = etag()
    database = slow("look_at")
    stopwatch.seconds += 3600
    monkeypatch.setattr(looking.time, "monotonic", iter(range(0, 10**6, 10)).__next__)
    etag()
    database.is_there.set()
    assert database.done.acquire(timeout=30)
    with elsewhere:
        publish(name="Another name")
    monkeypatch.setattr(looking, "PATIENCE", 30.0)
    stopwatch.seconds += 3600

    assert etag() != before


def test_many_sites_at_a_slow_database_keep_no_page_waiting_for_long(
    stopwatch, publish, etag, slow
):
    sites = [f"shop-{number}" for number in range(5)]
    for name in sites:
        publish(name)
    before = [etag(name) for name in sites]
    database = slow("look_at")
    stopwatch.seconds += 3600
    after = [etag(name) for name in sites]
    database.is_there.set()
    for _ in sites:
        assert database.done.acquire(timeout=30)

    assert after == before


def test_where_no_thread_can_be_started_whoever_comes_next_tries_again(
    stopwatch, app, site, publish, elsewhere, etag, monkeypatch
):
    before = etag()
    with elsewhere:
        publish(name="Another name")
    stopwatch.seconds += 3600
    with monkeypatch.context() as patched:
        patched.setattr(looking.threading.Thread, "start", _no_thread)
        assert etag() == before
    monkeypatch.setattr(looking, "PATIENCE", 30.0)
    stopwatch.seconds += 3600

    assert etag() != before


def _no_thread(_thread):
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize(
    ("path", "asks"), [("/s/shop.js", "in_force"), (f"/widget/{'a' * 43}.js", "widget_build")]
)
def test_what_is_not_known_is_asked_for_by_one_page_at_a_time(
    stopwatch, app, path, asks, slow, monkeypatch
):
    monkeypatch.setattr(looking, "TURN", 0.05)
    database = slow(asks)
    with ThreadPoolExecutor(4) as pages:
        first = pages.submit(app.test_client().get, path)
        assert database.asked.acquire(timeout=30)
        others = [app.test_client().get(path) for _ in range(3)]
        database.is_there.set()

    assert first.result().status_code == 404
    assert [(page.status_code, page.json["reason"]) for page in others] == [
        (503, "database_unavailable")
    ] * 3


def test_a_build_is_asked_for_once(stopwatch, client, site, monkeypatch):
    path = f"/widget/{client.get('/v1/sites/demo/bundle').json['build']}.js"
    first = client.get(path)
    monkeypatch.setattr(looking, "widget_build", None)

    assert first.status_code == 200
    assert client.get(path).data == first.data
