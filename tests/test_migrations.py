"""The migrations: up, down and up again, equal to the models, and safe when two start at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade

from consent_server import schema
from consent_server.application import create_app
from consent_server.columns import POSTGRESQL_WHERE
from consent_server.config import load_settings
from consent_server.db import db
from tests.builders import acceptance

ROOT = Path(__file__).parents[1]
#: Without RESTRICT, for which their tables would have to be made anew: SQLite looks once anyway.
OTHER_ON_SQLITE = {f"fk_{t}_site_id_record_id" for t in ("log_opening_keys", "idempotency_keys")}


@pytest.fixture
def settings(unmigrated_database_url, tmp_path):
    return load_settings(
        {"DATABASE_URL": unmigrated_database_url, "CONSENT_DATA_DIR": str(tmp_path / "var")}
    )


@pytest.fixture
def empty(settings):
    """A service whose database holds no table."""
    app = create_app(settings)
    yield app
    with app.app_context():
        db.engine.dispose()


def tables(app):
    with app.app_context():
        return set(sa.inspect(db.engine).get_table_names()) - {"alembic_version"}


def definition(app):
    """Every object of the schema, as the database spells it."""
    with app.app_context(), db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            query = "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
            return list(map(tuple, connection.execute(sa.text(query))))
        inspector = sa.inspect(connection)
        found = []
        for table in sorted(inspector.get_table_names()):
            columns = [
                (c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)
            ]
            found.append((table, columns, inspector.get_pk_constraint(table)))
            found.append(sorted(map(str, inspector.get_indexes(table))))
            found.append(sorted(map(str, inspector.get_check_constraints(table))))
        triggers = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname"
        return [*map(str, found), *connection.execute(sa.text(triggers)).scalars()]


def test_up_down_and_up_again_gives_the_same_schema(empty):
    schema.upgrade(empty)
    first, made = definition(empty), tables(empty)
    with empty.app_context():
        downgrade(revision="base")
    left = tables(empty)
    schema.upgrade(empty)

    assert {"sites", "publications", "consent_records"} <= made
    assert left == set()
    assert definition(empty) == first
    assert tables(empty) == made


def test_the_migrated_schema_is_that_of_the_models(empty):
    schema.upgrade(empty)

    with empty.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, db.metadata)
        if connection.dialect.name == "sqlite":
            differences = [one for one in differences if _name(one) not in OTHER_ON_SQLITE]

    assert differences == []


def test_each_index_is_of_the_rows_that_the_models_say(empty):
    schema.upgrade(empty)

    with empty.app_context():
        for table in db.metadata.sorted_tables:
            found = {
                index["name"]: index for index in sa.inspect(db.engine).get_indexes(table.name)
            }
            for index in table.indexes:
                assert _rows(found[index.name]) == _said(index), index.name


def _said(index):
    """Return of which rows an index is by the models, None for all."""
    if db.engine.dialect.name == "postgresql":
        return index.info.get(POSTGRESQL_WHERE)
    where = index.dialect_options["sqlite"]["where"]
    return None if where is None else str(where)


def _rows(found):
    """Return of which rows an index is in the database, None for all."""
    where = found.get("dialect_options", {}).get(f"{db.engine.dialect.name}_where")
    return None if where is None else str(where).removeprefix("(").removesuffix(")")


def _name(difference):
    """Return which constraint comes or goes, or nothing."""
    return (
        getattr(difference[1], "name", None) if difference[0] in ("add_fk", "remove_fk") else None
    )


def test_revisions_are_read_as_alembic_reads_them():
    scripts = ScriptDirectory(str(schema.MIGRATIONS))

    assert schema.head() == scripts.get_current_head()
    assert schema.revisions() == {script.revision for script in scripts.walk_revisions()}


def test_each_revision_says_since_when_code_runs_on_it():
    names = [schema.NAME.fullmatch(name) for name in sorted(schema.revisions())]
    floors = [name["floor"] or "" for name in names]

    assert [int(name["number"]) for name in names] == list(range(1, len(names) + 1))
    assert floors == sorted(floors)  # what code cannot run on stays so


@pytest.mark.parametrize(
    ("found", "runs"),
    [
        ("0009", True),
        ("0012", True),
        ("0012.0009", True),
        ("0012.0010", False),
        ("0008", False),
        ("0010.x", False),
        ("another", False),
        (None, False),
    ],
)
def test_a_newer_schema_is_run_on_if_it_has_a_place_for_this_version(found, runs, monkeypatch):
    monkeypatch.setattr(schema, "head", lambda: "0009")

    assert schema.runs_on(found) is runs


def test_a_current_database_is_left_alone(empty):
    schema.upgrade(empty)
    before = definition(empty)

    schema.ensure_schema(empty)

    assert definition(empty) == before


def test_an_empty_database_is_refused_where_upgrading_is_not_allowed(
    unmigrated_database_url, tmp_path
):
    environment = {
        "DATABASE_URL": unmigrated_database_url,
        "CONSENT_DATA_DIR": str(tmp_path / "var"),
        "CONSENT_AUTO_MIGRATE": "false",
    }
    app = create_app(load_settings(environment))

    with pytest.raises(schema.SchemaOutdated, match="db upgrade"):
        schema.ensure_schema(app)

    assert tables(app) == set()
    with app.app_context():
        db.engine.dispose()


def test_two_processes_that_upgrade_at_the_same_instant_both_succeed(
    unmigrated_database_url, tmp_path
):
    environment = {
        **os.environ,
        "DATABASE_URL": unmigrated_database_url,
        "CONSENT_DATA_DIR": str(tmp_path / "var"),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "consent_server", "site", "list"]
    started = [
        subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for _ in range(2)
    ]

    ended = [(process.communicate(timeout=60)[0], process.returncode) for process in started]

    assert [code for _, code in ended] == [0, 0], ended


class TestATableOfAFileThatIsMadeAnew:
    """Opening keys are what proves a record: an upgrade may lose none of them."""

    @pytest.fixture
    def database_url(self, sqlite_url):
        return sqlite_url

    def test_keeps_its_rows_and_its_guards(self, app, site, decide):
        for n in (1, 2):
            assert decide(acceptance(n)).status_code == 201
        with app.app_context():
            db.session.remove()
            newest = all_rows()
            schema.migrations(app)
            downgrade(revision="0009")
            older = all_rows()
            schema.upgrade(app)
            again = all_rows()
            refused = pytest.raises(sa.exc.IntegrityError, match="append")
            with db.engine.begin() as connection, refused:
                connection.exec_driver_sql("DELETE FROM log_opening_keys")
        assert decide(acceptance(3)).status_code == 201

        assert len(newest["log_opening_keys"]) == 2
        later = {"restricted_proofs": []}
        assert newest == {**older, **later} == again


def all_rows():
    """Every row of every table, without the revision of the schema."""
    with db.engine.connect() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in tables.sorted_tables
            if table.name != "alembic_version"
        }


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_large_tables_are_counted_before_much_of_them_is_new(app):
    query = "SELECT relname, reloptions FROM pg_class WHERE reloptions IS NOT NULL"
    with app.app_context(), db.engine.connect() as connection:
        options = dict(connection.exec_driver_sql(query).all())

    assert {"consent_records", "log_entries", "log_opening_keys"} <= options.keys()
    assert "autovacuum_analyze_scale_factor=0.001" in options["consent_records"]
