"""How PostgreSQL reads the records that a log commits to, whatever it knows of its tables."""

import pytest

from consent_server.db import db
from consent_server.sealing.openings import _query
from tests.builders import acceptance
from tests.tworoles import connect

TABLES = ("consent_records", "log_opening_keys")
COPIES = """
INSERT INTO {table} SELECT (jsonb_populate_record(one, jsonb_build_object(
    'site_id', %s::text, 'record_id', md5(number::text) || '0000000000'
))).* FROM {table} AS one, generate_series(1, %s) AS number
WHERE one.record_id = (SELECT max(record_id) FROM {table} WHERE length(record_id) < 42)
"""


@pytest.fixture
def database_url(postgresql_url):
    """PostgreSQL: SQLite has no statistics to be wrong."""
    return postgresql_url


@pytest.fixture
def administrator(decide, postgresql_administrator_url):
    """A connection past all keys between tables, to a database with one record."""
    decide(acceptance())
    with connect(postgresql_administrator_url) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


@pytest.fixture
def by_key(app):
    """A function: how many of the tables are read by their key, all of it, for 500 records."""

    def by_key(site, is_known_beforehand=False):
        asked = ["x"] * 500, site, site
        with app.app_context(), db.engine.connect() as connection:
            statement = _query("postgresql")
            if is_known_beforehand:
                statement = statement.replace("(SELECT %s)", "%s")
            rows = connection.exec_driver_sql(f"EXPLAIN {statement}", asked).all()
        conditions = [line for (line,) in rows if "Index Cond" in line]
        return sum("site_id = " in each and "record_id = wanted" in each for each in conditions)

    return by_key


def copy(connection, site, count):
    for table in TABLES:
        connection.execute(COPIES.format(table=table), (site, count))


def test_of_a_site_that_was_not_counted_each_record_is_read_by_its_key(administrator, by_key):
    copy(administrator, "demo", 5_000)
    administrator.execute("VACUUM ANALYZE")
    copy(administrator, "other", 500)

    assert [by_key("demo"), by_key("other")] == [len(TABLES)] * 2
    assert by_key("other", is_known_beforehand=True) < len(TABLES), "the control"
