"""PostgreSQL plans a statement for a table as it is then; when that has grown, it plans anew."""

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.driver import borrowed
from consent_server.ledger.canonical import base64url_encode
from consent_server.postgresql import sessions
from tests.builders import acceptance
from tests.databases import administrator_of

GROWN = 3_000
#: Uses after which a plan is kept.
PLANNED = 8
#: Records of other visitors, like the one that is there.
MORE = """
INSERT INTO consent_records SELECT (jsonb_populate_record(one, jsonb_build_object(
    'record_id', lpad(number::text, 22, '0'), 'subject', lpad(number::text, 43, '0')
))).* FROM consent_records AS one, generate_series(1, :count) AS number
WHERE record_id = (SELECT min(record_id) FROM consent_records)
"""
READ = """
SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'consent_records'
"""


@pytest.fixture
def database_url(postgresql_url):
    """PostgreSQL: SQLite plans by what it knows of all tables alike."""
    return postgresql_url


@pytest.fixture
def read_by_a_decision(app, site, decide):
    """A function: how many entries of indexes one more decision reads after the table has grown."""
    with app.app_context():
        owner = administrator_of(db.engine)

    def read():
        with owner.connect() as connection:
            return connection.execute(sa.text(READ)).scalar_one()

    def decided(n):
        answer = decide(acceptance(1, consent_id=base64url_encode(n.to_bytes(16))))
        assert answer.status_code == 201
        with app.app_context(), db.engine.connect() as connection:
            connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
            connection.rollback()

    def read_by_a_decision():
        with owner.begin() as connection:  # which would tell every connection
            connection.execute(sa.text("ALTER TABLE consent_records SET (autovacuum_enabled=off)"))
        for n in range(PLANNED):  # what a decision needs, foreign keys too
            decided(n)
        with owner.begin() as connection:
            connection.execute(sa.text(MORE), {"count": GROWN})
            connection.execute(sa.text("SELECT pg_stat_force_next_flush()"))
        decided(100)
        before = read()
        decided(101)
        return read() - before

    return read_by_a_decision


def test_a_decision_reads_no_more_when_the_table_has_grown(read_by_a_decision, monkeypatch):
    monkeypatch.setattr(sessions, "PLANS_LAST", 0.0)

    assert read_by_a_decision() < GROWN / 10


def test_the_control_that_keeps_its_plans_reads_all_of_the_site(read_by_a_decision, monkeypatch):
    monkeypatch.setattr(sessions, "PLANS_LAST", float("inf"))

    assert read_by_a_decision() > GROWN / 2


def test_a_connection_that_had_a_level_of_its_own_goes_on(app, monkeypatch):
    monkeypatch.setattr(sessions, "PLANS_LAST", 0.0)

    with app.app_context():
        for _ in range(3):
            with db.engine.connect() as plain:
                leveled = plain.execution_options(isolation_level="REPEATABLE READ")
                assert leveled.scalar(sa.text("SHOW transaction_isolation")) == "repeatable read"
            with borrowed(db.engine) as lower:
                assert lower.connection.execute("SELECT 1").fetchall() == [(1,)]
