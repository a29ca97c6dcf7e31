"""PostgreSQL takes a site for empty that it has not counted; decisions and checks are quick there.

It counts again when a part of a table is new, so a site that comes to a large table waits long.
"""

import pytest
import sqlalchemy as sa

from consent_server import driver
from consent_server.consents.standing import standing
from consent_server.db import db
from consent_server.ledger.canonical import base64url_encode
from consent_server.rowscope import one_site
from tests.builders import acceptance
from tests.databases import administrator_of

GROWN = 3_000
MORE = """
INSERT INTO consent_records SELECT (jsonb_populate_record(one, jsonb_build_object(
    'site_id', CAST(:site AS text),
    'record_id', lpad(number::text, 22, '0'), 'subject', lpad(number::text, 43, '0')
))).* FROM consent_records AS one, generate_series(1, :count) AS number
WHERE site_id = 'demo' AND record_id = (SELECT max(record_id) FROM consent_records)
"""
READ = "SELECT sum(idx_tup_read) FROM pg_stat_user_indexes WHERE relname = 'consent_records'"


@pytest.fixture
def database_url(postgresql_url):
    """PostgreSQL: SQLite counts nothing, and takes the index with the most of what is asked."""
    return postgresql_url


@pytest.fixture(params=["false", "true"], ids=["direct", "pooled"])
def environment(environment, request):
    """As with a pooler in front, which lets nothing be prepared, and as without."""
    return {**environment, "CONSENT_DATABASE_POOLED": request.param}


@pytest.fixture
def uncounted(app, decide):
    """A table that was counted when the site ``demo`` had no record; it has many now."""
    assert decide(acceptance(1)).status_code == 201
    with app.app_context():
        owner = administrator_of(db.engine)
    with owner.begin() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        connection.execute(sa.text("ALTER TABLE consent_records SET (autovacuum_enabled = off)"))
        connection.execute(sa.text(MORE), {"site": "other", "count": GROWN})
        connection.execute(sa.text("CREATE TEMPORARY TABLE kept AS SELECT * FROM consent_records"))
        connection.execute(sa.text("DELETE FROM consent_records WHERE site_id = 'demo'"))
        connection.execute(sa.text("ANALYZE consent_records"))
        connection.execute(
            sa.text("INSERT INTO consent_records SELECT * FROM kept WHERE site_id = 'demo'")
        )
        connection.execute(sa.text(MORE), {"site": "demo", "count": GROWN})
    return owner


@pytest.fixture
def read_by(app, uncounted):
    """A function: how many entries of indexes are read by some work."""

    def read():
        with app.app_context(), db.engine.connect() as connection:
            connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
            connection.rollback()
        with uncounted.connect() as connection:
            return connection.execute(sa.text(READ)).scalar_one()

    def read_by(work):
        before = read()
        work()
        return read() - before

    return read_by


@pytest.fixture
def decision(decide):
    """A decision of another visitor."""

    def decision():
        assert decide(acceptance(1, consent_id=base64url_encode(bytes(16)))).status_code == 201

    return decision


@pytest.fixture
def check(app):
    """What a check asks, of one record of the many."""

    def check():
        with app.app_context(), one_site("demo"):
            assert standing("demo", "0" * 19 + "700", None) is not None

    return check


@pytest.fixture(params=["decision", "check"])
def work(request):
    """What back ends and visitors wait for."""
    return request.getfixturevalue(request.param)


def test_neither_reads_more_than_what_it_asks_for(read_by, work):
    assert read_by(work) < GROWN / 10


def test_the_control_that_plans_with_the_values_reads_all_of_the_site(read_by, check, monkeypatch):
    monkeypatch.setattr(driver, "PLANNED_FOR_ANY", "'as it likes'")

    assert read_by(check) > GROWN / 2
