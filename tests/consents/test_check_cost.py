"""A check costs the same however many decisions a site has recorded."""

import pytest
from sqlalchemy import event

from consent_server.db import db
from tests.builders import acceptance

#: What the same queries look up beside records, by whole keys.
OTHERS = ("CONSTANT", "idempotency_keys", "erased_subjects")


@pytest.fixture
def database_url(sqlite_url):
    """SQLite: it keeps no statistics here, so its plan is the same on an empty and a full table."""
    return sqlite_url


@pytest.fixture
def plans(app):
    """A function: how SQLite finds the records of every query that was sent since."""
    sent = []
    with app.app_context():
        event.listen(db.engine, "connect", lambda opened, _: opened.set_trace_callback(sent.append))
        db.engine.dispose()

    def plans():
        queries = [query for query in sent if "FROM consent_records" in query]
        with app.app_context():
            explain = db.session.connection().exec_driver_sql
            found = [explain(f"EXPLAIN QUERY PLAN {query}") for query in queries]
            details = [row.detail for rows in found for row in rows]
            steps = [detail for detail in details if detail.startswith(("SCAN ", "SEARCH "))]
            return [step for step in steps if step.split()[1] not in OTHERS]

    sent.clear()
    return plans


def test_a_check_looks_up_one_visitor_and_never_reads_the_log(decide, client, api_key, plans):
    token = decide(acceptance()).json["token"]
    query = {"site": "demo", "category": "analytics", "token": token}

    answer = client.get("/v1/check", query_string=query, headers=api_key("check"))

    assert answer.json["granted"] is True
    found = plans()
    assert [plan for plan in found if "subject=?" not in plan and "record_id=?" not in plan] == []
    assert any(plan.startswith("SEARCH held ") for plan in found)
