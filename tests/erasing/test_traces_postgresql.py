"""What PostgreSQL keeps of an erasure until its tables are written anew (docs/retention.md)."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.erasing import traces
from consent_server.erasing.traces import TOUCHED, compact, remove_traces
from tests.builders import OTHER_VISITOR, acceptance
from tests.databases import administrator_of


@pytest.fixture
def database_url(postgresql_owner_url):
    """PostgreSQL alone; for SQLite see ``test_traces``."""
    return postgresql_owner_url


@pytest.fixture
def found(app):
    """Whether bytes are in the files of the tables that an erasure touches, or of what is made of
    them: indexes, and the statistics of PostgreSQL's planner."""

    def found(wanted):
        names = ", ".join(f"'{name}'" for name in TOUCHED)
        paths = (
            "SELECT pg_relation_filepath(c.oid) FROM pg_class c WHERE c.relname IN "  # noqa: S608
            f"({names}) OR c.oid IN (SELECT indexrelid FROM pg_index "
            f"WHERE indrelid::regclass::text IN ({names})) OR c.oid = 'pg_statistic'::regclass "
            "OR c.oid IN (SELECT reltoastrelid FROM pg_class WHERE relname = 'pg_statistic')"
        )
        with app.app_context():
            db.session.remove()
            lone = {"isolation_level": "AUTOCOMMIT"}
            with administrator_of(db.engine).connect().execution_options(**lone) as connection:
                connection.execute(sa.text("CHECKPOINT"))
                folder = Path(connection.execute(sa.text("SHOW data_directory")).scalar())
                files = [folder / path for path in connection.execute(sa.text(paths)).scalars()]
        assert len(files) > len(TOUCHED)
        return any(wanted in path.read_bytes() for path in files)

    return found


def test_what_was_erased_is_gone_when_the_tables_were_written_anew(
    app, decide, seal, erase, rows, found, subject, audit, caplog
):
    for letter in "CDEFGH":
        decide(acceptance(consent_id=letter * 21 + "A"))
    other = decide(acceptance(consent_id=OTHER_VISITOR)).json["record_id"]
    decide(acceptance())  # the last of its page: nothing is moved to where it was
    seal()
    own = next(row["record_id"] for row in rows("consent_records") if row["subject"] == subject())
    [keys] = [row for row in rows("log_opening_keys") if row["record_id"] == own]
    secrets = [own.encode(), subject().encode(), bytes(keys["decision_key"])]

    erase()
    seal()
    with app.app_context():
        is_done = remove_traces()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text(f"VACUUM {', '.join(TOUCHED)}"))
    vacuumed = [found(secret) for secret in secrets]
    with app.app_context():
        compact()

    assert is_done is False
    assert any(vacuumed), "the control: VACUUM alone overwrites nothing"
    assert [found(secret) for secret in secrets] == [False, False, False]
    assert found(other.encode())
    assert audit() == []
    assert not [said for said in caplog.records if said.name == "psycopg"]


def test_what_was_erased_is_gone_from_the_statistics_of_the_planner(
    app, decide, seal, erase, rows, found, subject
):
    decide(acceptance())
    for letter in "CD":
        decide(acceptance(consent_id=letter * 21 + "A", idempotency_key=letter * 22))
    [own] = [row for row in rows("consent_records") if row["subject"] == subject()]
    [keys] = [row for row in rows("log_opening_keys") if row["record_id"] == own["record_id"]]
    analyse(app)  # the queue holds what it holds no more when it is looked at again
    secrets = [own["record_id"].encode(), subject().encode()]
    before = [found(secret) for secret in secrets]
    seal()

    erase()
    with app.app_context():
        compact()

    sampled = samples(app)
    assert before == [True, True]
    assert not [secret for secret in secrets if secret.decode() in sampled]
    assert bytes(keys["decision_key"]).hex() not in sampled
    assert [found(secret) for secret in secrets] == [False, False]


def test_what_a_reader_may_still_ask_for_is_not_called_gone(
    app, decide, erase, found, subject, monkeypatch
):
    """Whatever it read so far: no lock of its own stands in the way."""
    monkeypatch.setattr(traces, "PATIENCE", 0.0)
    decide(acceptance())
    secret = subject().encode()
    with app.app_context():
        alike = {"isolation_level": "REPEATABLE READ"}
        with administrator_of(db.engine).connect().execution_options(**alike) as reader:
            reader.execute(sa.text("SELECT count(*) FROM sites"))
            erase()
            with pytest.raises(traces.DatabaseInUse):
                compact()
            is_there = found(secret)
        monkeypatch.undo()
        compact()

    assert is_there
    assert not found(secret)


def test_it_asks_again_also_where_a_table_takes_longer_to_write_than_it_asks(app, monkeypatch):
    """What stands in the way is over in a moment, and to begin anew takes an hour."""
    clock, written, left = [0.0], [], iter([1])

    def wait(seconds):
        clock[0] += seconds

    def rewrite(_, tables, *_more):
        wait(0 if written else 3600)
        written.append(*tables)
        return next(left, 0)

    monkeypatch.setattr(traces, "time", SimpleNamespace(monotonic=lambda: clock[0], sleep=wait))
    monkeypatch.setattr(traces, "_rewrite", rewrite)
    with app.app_context():
        compact()

    assert written[: len(TOUCHED) + 1] == [TOUCHED[0], *TOUCHED]


def test_a_view_of_an_operator_keeps_its_columns_alone(app, decide, erase, found, subject):
    decide(acceptance())
    analyse(app)
    secret = subject().encode()
    erase()
    with app.app_context():
        with administrator_of(db.engine).begin() as connection:
            view = "CREATE VIEW report AS SELECT revision FROM consent_records"
            connection.execute(sa.text(view))
        compact()

    assert secret.decode() not in samples(app)
    assert not found(secret)


def test_no_opening_key_gets_into_the_statistics(app, decide):
    decide(acceptance())
    decide(acceptance(consent_id=OTHER_VISITOR))

    analyse(app)

    sampled = samples(app, "tablename || '.' || attname")
    assert "log_opening_keys.record_id" in sampled, "the control: the table was looked at"
    assert "log_opening_keys.decision_key" not in sampled
    assert "log_opening_keys.subject_key" not in sampled


def analyse(app):
    with app.app_context(), administrator_of(db.engine).begin() as connection:
        connection.execute(sa.text("ANALYZE"))


def samples(app, column="concat(most_common_vals::text, histogram_bounds::text)"):
    query = f"SELECT string_agg({column}, ' ') FROM pg_stats WHERE schemaname = 'public'"  # noqa: S608
    with app.app_context(), administrator_of(db.engine).connect() as connection:
        return connection.execute(sa.text(query)).scalar_one()
