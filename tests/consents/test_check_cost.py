"""A check costs the same however many decisions a site has recorded."""

import pytest
from sqlalchemy import event

from consent_server.db import db
from tests.builders import acceptance


@pytest.fixture
def database_url(sqlite_url):
    """SQLite: it keeps no statistics here, so its plan is the same on an empty and a full table."""
    return sqlite_url


@pytest.fixture
def plans(app):
    """A function: how SQLite finds the records of every query that was sent since."""
    sent = []
    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", lambda *seen: sent.append(seen[2:4]))

    def plans():
        queries = [query for query in sent if "FROM consent_records" in query[0]]
        with app.app_context():
            explain = db.session.connection().exec_driver_sql
            found = [explain(f"EXPLAIN QUERY PLAN {text}", values) for text, values in queries]
            return [row.detail for rows in found for row in rows if row.detail.startswith("S")]

    sent.clear()
    return plans


def test_a_check_looks_up_one_visitor_and_never_reads_the_log(decide, client, api_key, plans):
    token = decide(acceptance()).json["token"]
    query = {"site": "demo", "category": "analytics", "token": token}

    answer = client.get("/v1/check", query_string=query, headers=api_key("check"))

    assert answer.json["granted"] is True
    assert [plan for plan in plans() if "subject=?" not in plan and "record_id=?" not in plan] == []
