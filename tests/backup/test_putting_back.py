"""What is put back meets what was there before, and a schema that has changed since."""

from contextlib import closing
from datetime import UTC, datetime

import pytest
from flask_migrate import downgrade

from consent_server import schema
from consent_server.backup.sqlite import put_in_place
from consent_server.db import db
from consent_server.sqlite import sqlite3
from tests.builders import ORIGIN, VISITOR, acceptance


def test_two_of_one_second_keep_both_that_were_there(tmp_path):
    database, now = tmp_path / "consent.db", datetime(2026, 11, 22, tzinfo=UTC)
    kept = []
    for name in ("first", "second", "third"):
        with closing(sqlite3.connect(tmp_path / name)) as made:
            made.execute("CREATE TABLE alembic_version AS SELECT ? AS version_num", (name,))
            made.commit()
        kept.append(put_in_place(tmp_path / name, database, now, is_replaced=True))

    none, *kept = kept
    versions = []
    for path in (*kept, database):
        with closing(sqlite3.connect(path)) as found:
            versions += found.execute("SELECT version_num FROM alembic_version").fetchone()
    assert (none, versions) == (None, ["first", "second", "third"])


class TestAnOlderSchema:
    @pytest.fixture
    def database_url(self, sqlite_url):
        """Of a file: a backup of tables is made by a version that knows no others."""
        return sqlite_url

    @pytest.fixture
    def closed(self, app):
        """Let nothing have the database open."""

        def closed():
            with app.app_context():
                db.session.remove()
                db.engine.dispose()

        return closed

    @pytest.fixture
    def backed_up(self, run, app, decide, seal, closed, tmp_path, monkeypatch):
        """A backup that an earlier version made; the database is of this one again."""
        decide(acceptance())
        seal()
        with app.app_context(), monkeypatch.context() as patched:
            db.session.remove()
            schema.migrations(app)
            downgrade(revision="0009")
            closed()
            patched.setattr(schema, "require_newest", lambda: None)
            patched.setattr(schema, "head", lambda: "0009")
            assert run("backup", tmp_path / "backup").exit_code == 0
            patched.undo()
            schema.upgrade(app)
        return tmp_path / "backup"

    def test_is_brought_up_to_date_so_that_what_was_erased_since_is_erased_again(
        self, run, client, backed_up, records, closed
    ):
        headers = {"Consent-Id": VISITOR, "Origin": ORIGIN}
        assert client.delete("/v1/sites/demo/me", headers=headers).status_code == 200
        closed()

        restored = run("restore", "--replace", backed_up, env={"CONSENT_AUTO_MIGRATE": "false"})

        assert (restored.exit_code, records()) == (0, []), restored.output
        assert "1 record erased again" in restored.stdout
