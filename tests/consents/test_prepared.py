"""What every request asks SQLite is prepared once a connection, not once a request."""

import pytest
from sqlalchemy import event

from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import PREPARED, db
from consent_server.schema import ensure_schema
from tests.builders import acceptance


@pytest.fixture
def database_url(sqlite_url):
    """SQLite: PostgreSQL's statements are prepared by ``consent_server.postgresql.pipeline``."""
    return sqlite_url


@pytest.fixture
def prepared(app):
    """What statements that were prepared since use: SQLite asks whether it is allowed."""
    found = []

    def allow(action, table, column, _database, _trigger):
        found.append((action, table, column))
        return 0

    with app.app_context():
        event.listen(db.engine, "connect", lambda opened, _: opened.set_authorizer(allow))
        db.engine.dispose()
    return found


def of_records(prepared):
    """Without what asks for a site or a key: tests let nothing of these be remembered."""
    return [about for about in prepared if str(about[1]).startswith(("consent_", "log_o", "idem"))]


def test_a_decision_prepares_nothing_anew_whatever_ran_before(app, decide, prepared):
    with app.app_context():
        connection = db.engine.raw_connection()
        for number in range(PREPARED // 2):
            connection.driver_connection.execute(f"SELECT {number}").fetchall()
        connection.close()
    decide(acceptance())
    assert of_records(prepared)
    prepared.clear()

    answer = decide(acceptance(consent_id="V" * 22, idempotency_key="K" * 22))

    assert answer.status_code == 201
    assert of_records(prepared) == []


def test_a_check_prepares_nothing_anew(decide, client, api_key, prepared):
    token = decide(acceptance()).json["token"]
    asked = {"site": "demo", "category": "analytics", "token": token}
    headers = api_key("check")
    client.get("/v1/check", query_string=asked, headers=headers)
    prepared.clear()

    answer = client.get("/v1/check", query_string=asked, headers=headers)

    assert answer.json["granted"] is True
    assert of_records(prepared) == []


def test_no_connection_of_an_upgrade_answers_requests(tmp_path):
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'new.db'}"}
    app = create_app(load_settings({**settings, "CONSENT_DATA_DIR": str(tmp_path / "data")}))

    ensure_schema(app)

    with app.app_context():
        assert db.engine.pool.checkedin() == 0
