"""How long a request waits for the database: until all of it is over, and no longer than it."""

import psycopg
import pytest
from sqlalchemy import event

from consent_server import patience
from consent_server.consents import routes
from consent_server.db import db
from consent_server.exports.service import Export
from consent_server.postgresql.sessions import Patient
from tests.builders import ORIGIN, refusal

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def returned(app):
    """How long is waited for each connection that goes back to the pool with what was left open."""
    waits = []
    with app.app_context():
        event.listen(db.engine, "reset", lambda *_: waits.append(patience.left()))
    return waits


def test_what_a_refusal_left_open_is_not_waited_for_without_end(client, returned):
    answer = client.get("/v1/sites/unknown/bundle")

    assert answer.status_code == 404
    assert returned
    assert None not in returned
    assert patience.left() is None


def test_a_connection_that_is_lost_at_the_end_takes_no_answer_and_leaves_no_session(
    app, client, monkeypatch
):
    def lost(connection):
        connection.close()
        raise psycopg.OperationalError("the connection is lost")

    before = {*db.session.registry.registry}
    monkeypatch.setattr(Patient, "rollback", lost)
    answer = client.get("/v1/sites/unknown/bundle")
    monkeypatch.undo()

    assert answer.status_code == 404
    assert {*db.session.registry.registry} <= before
    assert client.get("/v1/sites/unknown/bundle").status_code == 404


def test_a_request_that_fails_leaves_no_deadline_to_the_next(client, site, monkeypatch):
    def broken(*_):
        raise ValueError

    monkeypatch.setattr(routes, "record_with_reserve", broken)
    answer = client.post("/v1/sites/demo/consents", json=refusal(), headers={"Origin": ORIGIN})

    assert answer.status_code == 500
    assert patience.left() is None


def test_an_export_waits_for_each_answer_and_leaves_no_deadline(client, site, api_key, monkeypatch):
    waits = []

    def pieces(_export):
        try:
            for _ in range(2):
                waits.append(patience.left())
                yield b"x"
        finally:
            waits.append(patience.left())

    monkeypatch.setattr(Export, "pieces", pieces)
    sent = client.get(
        "/v1/sites/demo/export?format=csv", headers=api_key("export"), buffered=False
    ).response
    between = [patience.left() for _ in sent]

    assert waits == [patience.OF_AN_ANSWER] * 3
    assert between == [None] * 2
