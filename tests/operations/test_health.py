"""What an operator's monitoring asks."""

import fcntl

import pytest
import sqlalchemy as sa

from consent_server import serving
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.occupied import AlreadyServing


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
    app.extensions["consent_settings"].key_ring_path.write_bytes(b"{}")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["reason"]) == (503, "not_ready")
    assert "key ring" in answer.json["detail"]


def test_one_thread_is_enough_to_be_ready(environment):
    app = create_app(load_settings({**environment, "CONSENT_THREADS": "1"}))

    answer = app.test_client().get("/readyz")

    assert answer.status_code == 200
    with app.app_context():
        db.engine.dispose()


def test_a_mended_key_ring_is_seen_without_traffic(client, app):
    path = app.extensions["consent_settings"].key_ring_path
    good = path.read_bytes()
    path.write_bytes(b"{}")
    broken = client.get("/readyz")
    path.write_bytes(good)

    assert (broken.status_code, client.get("/readyz").status_code) == (503, 200)


def test_one_service_alone_serves_a_sqlite_file(sqlite_url, tmp_path, monkeypatch):
    """The lock lies beside the database: another data directory makes no difference."""
    settings = load_settings({"DATABASE_URL": sqlite_url, "CONSENT_DATA_DIR": str(tmp_path / "a")})
    lock = settings.sqlite_path.with_name(f"{settings.sqlite_path.name}.lock")
    monkeypatch.setattr(serving.Server, "run", lambda server: None)

    serving.run(settings, bool)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(AlreadyServing):
            serving.run(settings, bool)
