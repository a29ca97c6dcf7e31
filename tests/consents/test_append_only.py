"""Evidence cannot be changed, not even with all rights in the database."""

from contextlib import closing

import pytest
import sqlalchemy as sa

from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.consents.models import ConsentRecord
from consent_server.db import db, is_wal_safe, sqlite_pragmas
from consent_server.sqlite import sqlite3
from tests.builders import acceptance
from tests.databases import administrator_of

#: Tables that are evidence, and a text column of each.
EVIDENCE = {"consent_records": "event", "publications": "bundle", "widget_builds": "hash"}
#: Of a record, what refers to it may refuse first.
REFUSED = "can only be appended to|violates foreign key"
CHANGES = ["UPDATE {0} SET {1} = {1}", "UPDATE {0} SET {1} = 'given'", "DELETE FROM {0}"]
ATTEMPTS = {
    "postgresql": [*CHANGES, "TRUNCATE {0} CASCADE"],
    "sqlite": [
        *CHANGES,
        "INSERT OR REPLACE INTO {0} SELECT * FROM {0}",
        "REPLACE INTO {0} SELECT * FROM {0}",
        "UPDATE OR REPLACE {0} SET {1} = 'given'",
    ],
}


@pytest.fixture
def rows(app):
    """Read a table as the database holds it."""

    def rows(table):
        with app.app_context(), db.engine.connect() as connection:
            found = connection.execute(sa.select(sa.text("*")).select_from(sa.table(table)))
            return sorted(map(repr, found))

    return rows


def test_evidence_can_only_be_appended_to(app, decide, rows):
    decide(acceptance())
    with app.app_context():
        engine = administrator_of(db.engine)
        for table, column in EVIDENCE.items():
            before = rows(table)
            assert before
            for attempt in ATTEMPTS[engine.dialect.name]:
                statement = attempt.format(table, column)
                with (
                    pytest.raises(sa.exc.DBAPIError, match=REFUSED),
                    engine.begin() as connection,
                ):
                    connection.execute(sa.text(statement))
                assert rows(table) == before, statement


def test_an_upsert_does_not_get_around_it(app, decide, rows):
    decide(acceptance())
    before = rows("consent_records")
    upsert = (
        "INSERT INTO consent_records SELECT * FROM consent_records WHERE true "
        "ON CONFLICT (site_id, record_id) DO UPDATE SET event = 'refused'"
    )

    with (
        app.app_context(),
        pytest.raises(sa.exc.DBAPIError, match="can only be appended to"),
        administrator_of(db.engine).begin() as connection,
    ):
        connection.execute(sa.text(upsert))

    assert rows("consent_records") == before


@pytest.mark.parametrize("change", [{"event": "guessed"}, {"subject": None}, {"action": "x"}])
def test_the_database_refuses_records_that_contradict_themselves(app, decide, rows, change):
    decide(acceptance())
    table = ConsentRecord.__table__
    with app.app_context():
        stored = db.session.execute(sa.select(table)).mappings().one()
        forged = {**stored, "record_id": "another", **change}
        db.session.rollback()
        with pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
            connection.execute(sa.insert(table).values(forged))

    assert len(rows("consent_records")) == 1


def test_every_connection_to_sqlite_has_its_safe_settings(sqlite_url, tmp_path):
    settings = load_settings({"DATABASE_URL": sqlite_url, "CONSENT_DATA_DIR": str(tmp_path)})
    app = create_app(settings)
    wanted = sqlite_pragmas(sqlite3.sqlite_version_info)

    with app.app_context():
        connections = [db.engine.connect() for _ in range(3)]
        found = [
            {name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in wanted}
            for connection in connections
        ]
        for connection in connections:
            connection.close()
        db.engine.dispose()

    assert found == [wanted] * 3
    assert wanted["synchronous"] in ("2", "3")


@pytest.mark.parametrize(
    "version, is_safe",
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 52, 0), True),
    ],
)
def test_the_write_ahead_log_is_used_where_it_cannot_corrupt(version, is_safe):
    pragmas = sqlite_pragmas(version)

    assert is_wal_safe(version) is is_safe
    assert pragmas["journal_mode"] == ("wal" if is_safe else "truncate")
    assert pragmas["synchronous"] == ("2" if is_safe else "3")


def test_postgresql_waits_for_its_disk(postgresql_url, tmp_path):
    settings = load_settings({"DATABASE_URL": postgresql_url, "CONSENT_DATA_DIR": str(tmp_path)})
    app = create_app(settings)

    with app.app_context(), db.engine.connect() as connection:
        names = ("synchronous_commit", "statement_timeout", "lock_timeout", "search_path")
        found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in names}
    with app.app_context():
        db.engine.dispose()

    assert found == {
        "synchronous_commit": "on",
        "statement_timeout": "5s",
        "lock_timeout": "2s",
        "search_path": "public, pg_temp",
    }


def test_a_connection_without_our_settings_replaces_nothing_either(sqlite_url, tmp_path):
    path = sqlite_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as plain:
        row = "('h', x'01', '2026-11-22T20:00:00.000Z')"
        plain.execute(f"INSERT INTO widget_builds VALUES {row}")  # noqa: S608

        with pytest.raises(sqlite3.IntegrityError, match="can only be appended to"):
            plain.execute(f"INSERT OR REPLACE INTO widget_builds VALUES {row}")  # noqa: S608
