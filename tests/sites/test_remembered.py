"""Sites and keys are answered from memory for less than a second, and never against a visitor."""

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from consent_server.db import db
from consent_server.sites import remembered
from consent_server.sites.archiving import archive
from consent_server.sites.keys import revoke_key
from consent_server.sites.remembered import Entries
from tests.builders import ORIGIN, acceptance, refusal

SITE_TABLES = ("FROM sites", "FROM publications", "FROM api_keys", "FROM log_queue")


@pytest.fixture
def queries(app):
    """The statements about sites and keys that were sent since the list was cleared."""
    sent = []

    def note(connection, cursor, statement, *_):
        if any(table in statement for table in SITE_TABLES):
            sent.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    return sent


@pytest.fixture
def ask(client, site, decide, api_key):
    """Ask the check API about one live grant; gives the answer."""
    token = decide(acceptance()).json["token"]
    key = api_key("check")
    query = {"site": "demo", "category": "analytics", "token": token}
    return lambda: client.get("/v1/check", query_string=query, headers=key)


def test_a_check_and_a_decision_ask_nothing_about_sites_and_keys(stopwatch, ask, decide, queries):
    ask()
    queries.clear()

    assert ask().json["granted"] is True
    assert decide(acceptance(consent_id="A" * 22, idempotency_key="k" * 22)).status_code == 201
    assert queries == []


def test_after_less_than_a_second_the_database_is_asked_by_one_statement_each(
    stopwatch, ask, queries
):
    ask()
    stopwatch.seconds += 0.95
    queries.clear()

    assert ask().json["granted"] is True
    assert len(queries) == 2
    queries.clear()
    assert ask().json["granted"] is True
    assert queries == []


def test_what_this_process_publishes_counts_at_once(stopwatch, ask, client, publish):
    assert ask().json["granted"] is True
    before = client.get("/s/demo.js").headers["ETag"]

    publish(name="Another name")

    assert client.get("/s/demo.js").headers["ETag"] != before


def test_what_another_process_publishes_counts_within_a_second(
    stopwatch, client, site, publish, elsewhere
):
    before = client.get("/s/demo.js").headers["ETag"]
    with elsewhere:
        publish(name="Another name")

    assert client.get("/s/demo.js").headers["ETag"] == before
    stopwatch.seconds += 0.95
    assert client.get("/s/demo.js").headers["ETag"] != before


@pytest.mark.parametrize("decision", [acceptance, refusal])
def test_a_decision_on_what_another_process_has_just_published_is_taken(
    stopwatch, client, decide, publish, elsewhere, decision
):
    client.get("/s/demo.js")
    with elsewhere:
        bundle = publish(name="Another name").bundle_hash

    assert decide(decision(bundle=bundle)).status_code == 201


def test_a_no_on_an_older_bundle_is_taken_while_the_newer_one_is_not_known(
    stopwatch, client, decide, site, publish, elsewhere
):
    client.get("/s/demo.js")
    with elsewhere:
        publish(name="Another name")

    assert decide(refusal(bundle=site.bundle_hash)).status_code == 201
    stopwatch.seconds += 0.95
    assert decide(refusal(bundle=site.bundle_hash, idempotency_key="r" * 22)).status_code == 201


def test_a_yes_to_an_older_bundle_is_refused_within_a_second(
    stopwatch, client, decide, site, publish, elsewhere
):
    client.get("/s/demo.js")
    with elsewhere:
        publish(name="Another name")
    stopwatch.seconds += 0.95

    answer = decide(acceptance(bundle=site.bundle_hash))

    assert (answer.status_code, answer.json["reason"]) == (409, "bundle_outdated")


def test_an_origin_that_another_process_has_just_listed_is_let_in(
    stopwatch, client, decide, publish, elsewhere
):
    new = "https://new.example"
    assert decide(refusal(), origin=new).status_code == 403
    with elsewhere:
        bundle = publish(origins=[ORIGIN, new]).bundle_hash

    assert decide(refusal(bundle=bundle), origin=new).status_code == 201


def test_an_archived_site_is_gone_at_once_here_and_within_a_second_elsewhere(
    stopwatch, app, client, clock, site, publish, elsewhere
):
    client.get("/s/demo.js")
    with elsewhere:
        archive("demo", clock.instant)
    stopwatch.seconds += 0.95
    assert client.get("/s/demo.js").status_code == 404
    publish("demo")  # the same again brings it back
    assert client.get("/s/demo.js").status_code == 200
    with app.app_context():
        archive("demo", clock.instant)
    assert client.get("/s/demo.js").status_code == 404
    with elsewhere:
        publish("demo")
    assert client.get("/s/demo.js").status_code == 200


def test_a_revoked_key_is_refused_at_once_here_and_within_a_second_elsewhere(
    stopwatch, app, client, clock, site, api_key, elsewhere
):
    first, second = api_key("check"), api_key("check")
    ask = lambda key: client.get("/v1/check?site=demo", headers=key).status_code  # noqa: E731
    assert (ask(first), ask(second)) == (200, 200)
    with app.app_context():
        revoke_key(first["Authorization"][15:23], clock.instant)
    with elsewhere:
        revoke_key(second["Authorization"][15:23], clock.instant)

    assert ask(first) == 401
    stopwatch.seconds += 0.95
    assert ask(second) == 401


def test_a_wrong_key_with_a_known_id_is_refused_and_looked_up(
    stopwatch, client, site, api_key, queries
):
    key = api_key("check")
    client.get("/v1/check?site=demo", headers=key)
    queries.clear()
    wrong = {"Authorization": key["Authorization"][:-43] + "A" * 43}

    assert client.get("/v1/check?site=demo", headers=wrong).status_code == 401
    assert len(queries) == 1
    assert client.get("/v1/check?site=demo", headers=key).status_code == 200


def test_what_waits_for_the_log_is_not_in_force_and_comes_with_its_seal(
    stopwatch, client, published_unsealed, seal
):
    assert client.get("/s/demo.js").json["reason"] == "publication_pending"

    seal()

    assert client.get("/s/demo.js").status_code == 200


def test_a_look_that_began_before_a_change_is_not_remembered(monkeypatch):
    monkeypatch.setattr(remembered, "FRESH_SECONDS", 0.9)
    entries = Entries(lambda: 0.0)
    beginning = entries.begin()
    entries.forget("demo")

    entries.keep("demo", "before the change", beginning)

    assert entries.fresh("demo") is None


def test_what_a_later_look_found_sooner_is_kept(stopwatch):
    entries = Entries(stopwatch)
    slow = entries.begin()
    stopwatch.seconds += 0.1
    entries.keep("demo", "newer", entries.begin())

    entries.keep("demo", "older", slow)

    assert entries.fresh("demo") == "newer"


def test_entries_are_limited_and_the_oldest_goes(monkeypatch):
    monkeypatch.setattr(remembered, "FRESH_SECONDS", 0.9)
    entries = Entries(lambda: 0.0, most=2)

    for name in "abc":
        entries.keep(name, name, entries.begin())

    assert [entries.fresh(name) for name in "abc"] == [None, "b", "c"]


@pytest.fixture
def away(app):
    """Let the database be away from now on."""

    def gone(*_):
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    def away():
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", gone)

    yield away
    with app.app_context():
        if event.contains(db.engine, "before_cursor_execute", gone):
            event.remove(db.engine, "before_cursor_execute", gone)


def test_pages_get_what_was_known_last_while_the_database_is_away(
    stopwatch, client, decide, site, away
):
    before = [client.get(path).data for path in ("/s/demo.js", "/v1/sites/demo/bundle")]
    away()
    stopwatch.seconds += 3600

    assert [client.get(path).data for path in ("/s/demo.js", "/v1/sites/demo/bundle")] == before
    assert client.get("/s/unknown.js").status_code == 503
    assert decide(acceptance()).status_code == 503
