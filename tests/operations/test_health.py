"""What an operator's monitoring asks."""

import sqlalchemy as sa

from consent_server.db import db


def test_a_process_that_answers_is_healthy(client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_a_service_with_database_schema_and_keys_is_ready(client):
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_without_its_database_the_service_is_healthy_and_not_ready(client, monkeypatch):
    def fail(*_, **__):
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(db.session, "execute", fail)

    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["reason"]) == (503, "not_ready")
    assert "database" in answer.json["detail"]


def test_with_another_schema_the_service_is_not_ready(client, monkeypatch):
    monkeypatch.setattr("consent_server.schema.head", lambda: "9999")

    assert client.get("/readyz").status_code == 503


def test_with_a_damaged_key_ring_the_service_is_not_ready(client, app):
    app.extensions["consent_keys"].problem = "cannot be read"

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["reason"]) == (503, "not_ready")
    assert "key ring" in answer.json["detail"]
