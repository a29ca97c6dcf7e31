"""A service that can read and not write is not ready, and says so; a busy one is ready."""

import errno
import time

import psycopg
import pytest
import sqlalchemy as sa

from consent_server import disk
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.operations import writing
from tests.operations.test_metrics import BEARER, TOKEN, read


@pytest.fixture
def environment(environment):
    return {**environment, "CONSENT_METRICS_TOKEN": TOKEN}


@pytest.fixture
def told(client):
    """What /readyz and /metrics say."""

    def told():
        ready = client.get("/readyz")
        found = read(client.get("/metrics", headers=BEARER).text)
        assert found["consent_database_up",] == 1
        return ready.status_code, ready.json.get("detail"), found["consent_database_writable",]

    return told


def sizes(folders):
    return {path: path.stat().st_size for folder in folders for path in folder.rglob("*")}


def test_a_look_leaves_nothing(told, app):
    settings = app.extensions["consent_settings"]
    folders = [settings.data_dir]
    if settings.is_sqlite:
        folders.append(settings.sqlite_path.parent)
    with app.app_context():
        writing.why_not_writable(settings)  # opens the database
        before = sizes(folders)
        for folder in folders:
            assert writing.folder_problem(folder) is None
        assert writing.why_not_writable(settings) is None

        after = sizes(folders)

    assert after == before
    assert told() == (200, None, 1)


class TestSqlite:
    @pytest.fixture
    def database_url(self, sqlite_url):
        return sqlite_url

    def test_a_busy_writer_is_waited_for_by_nobody(self, told, app):
        with app.app_context():
            writer = db.engine.raw_connection()
            writer.driver_connection.execute("BEGIN IMMEDIATE")
            started = time.monotonic()
            found = told()
            elapsed = time.monotonic() - started
            writer.driver_connection.execute("ROLLBACK")
            writer.close()

        assert found == (200, None, 1)
        assert elapsed < 2  # a writer waits for five seconds

    def test_patience_comes_back(self, told, app):
        told()
        with app.app_context(), db.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 5000
            assert connection.exec_driver_sql("PRAGMA user_version").scalar() == 0

    def test_a_database_that_was_opened_for_reading_is_told(self, told, app, monkeypatch):
        @sa.event.listens_for(sa.Engine, "connect")
        def read_only(connection, _record):
            connection.execute("PRAGMA query_only = 1")

        with app.app_context():
            db.engine.dispose()
        try:
            status, detail, writable = told()
        finally:
            sa.event.remove(sa.Engine, "connect", read_only)

        assert (status, writable) == (503, 0)
        assert "readonly database" in detail

    def test_a_full_disk_is_told(self, told, monkeypatch):
        def full(folder):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(writing, "try_writing", full)
        status, detail, writable = told()

        assert (status, writable) == (503, 0)
        assert "ENOSPC" in detail


def test_a_server_that_became_read_only_is_told(
    postgresql_url, postgresql_administrator_url, tmp_path, environment
):
    administrator = postgresql_administrator_url.replace("+psycopg", "")
    app = create_app(load_settings({**environment, "DATABASE_URL": postgresql_url}))
    client = app.test_client()
    before = client.get("/readyz")
    name = postgresql_url.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(administrator, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    with app.app_context():
        db.engine.dispose()
    after = client.get("/readyz")
    found = read(client.get("/metrics", headers=BEARER).text)
    with app.app_context():
        db.engine.dispose()

    assert (before.status_code, after.status_code) == (200, 503)
    assert "read-only" in after.json["detail"]
    assert (found["consent_database_up",], found["consent_database_writable",]) == (1, 0)


def test_room_is_looked_for_and_not_believed(tmp_path, monkeypatch):
    """What the disk takes in part is tried to the end."""

    class File:
        taken = 0

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def write(self, data):
            if File.taken >= disk.TRIED // 2:
                raise OSError(errno.ENOSPC, "No space left on device")
            File.taken += disk.TRIED // 2
            return disk.TRIED // 2

    monkeypatch.setattr(disk.tempfile, "TemporaryFile", lambda **_: File())

    assert "ENOSPC" in writing.folder_problem(tmp_path)
