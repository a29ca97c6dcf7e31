"""F-22: the schema changes while the service serves it: its next one, and its last one taken back.

The order is the schema first, then the code: code that is not replaced yet serves the schema of the
next version, also when its processes are started anew. New code on an older schema does not start.
The controls, a migration that keeps its locks and one that waits for them as long as others do, let
requests fail.
"""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from consent_server import schema
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from tests.fault.asking import DECISION, SCRIPT, Asking, a_check
from tests.fault.migrating.next_version import Version, next_version
from tests.fault.trials import Trials
from tests.server import ROOT, start

ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def owner(environment, request):
    """The service of whoever owns the tables: only that role changes them."""
    url = environment["DATABASE_URL"]
    if not url.startswith("sqlite"):
        url = request.getfixturevalue("postgresql_owner_url")
    made = create_app(load_settings({**environment, "DATABASE_URL": url}))
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def served(environment, publish, api_key, tmp_path):
    """The site ``demo``, served; gives the service, and those who ask it all the while."""
    publish("demo")

    @contextmanager
    def served():
        service = start({**environment, "CONSENT_WORKERS": "1"}, tmp_path)
        try:
            questions = [DECISION, SCRIPT, a_check(api_key("check"), service.port)]
            with Asking(service.port, questions) as asking:
                asking.wait_for(5, "decision")
                yield service, asking
                asking.wait_for(5, "decision")
        finally:
            service.stop()

    return served


def judge(app, asking, trials, engine):
    """Fail unless everybody was answered, and all that was acknowledged is there."""
    trials.times += [answer.seconds * 1000 for answer in asking.answers]
    trials.counts["requests"] = len(asking.answers)
    for failure in asking.failed():
        trials.fail(0, failure)
    trials.close(engine=engine)
    assert trials.failures == []
    with app.app_context(), db.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT record_id FROM consent_records")
        assert set(asking.acknowledged()) - {row[0] for row in rows} == set()


def test_code_that_is_not_replaced_yet_serves_the_next_schema(app, owner, served, tmp_path):
    engine = app.extensions["consent_settings"].database_url.partition(":")[0].partition("+")[0]
    trials = Trials(f"F-22 {engine}, next", "the next schema, and back", planned=50, least=1)
    then = next_version(owner, tmp_path)

    with served() as (service, asking):
        for _ in trials:
            then.upgrade()
            assert service.request("GET", "/readyz")[0] == 200
            service.process.send_signal(signal.SIGHUP)  # its processes come back
            asking.wait_for(40, "decision")
            then.downgrade()
            asking.wait_for(5, "decision")
    judge(app, asking, trials, engine)
    assert "schema_newer" in service.log.read_text()


@ON_POSTGRESQL
def test_the_newest_schema_comes_and_goes_under_load(app, owner, served):
    trials = Trials("F-22 newest", "the newest schema, and back", planned=200, least=3)
    this = Version(owner, ROOT / "migrations")

    with served() as (_, asking):
        for _ in trials:
            this.downgrade()
            asking.wait_for(2, "decision")
            this.upgrade()
            asking.wait_for(2, "decision")
    judge(app, asking, trials, "postgresql")


@ON_POSTGRESQL
def test_the_control_a_migration_that_keeps_its_locks_lets_requests_fail(owner, served, tmp_path):
    slow = next_version(owner, tmp_path, more='op.execute("SELECT pg_sleep(3)")')

    with served() as (_, asking):
        slow.upgrade()

    assert {status for _, status, _ in asking.failed()} == {503}


@contextmanager
def reading(url):
    """Read a table, and keep the transaction open, as a backup does."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("SELECT count(*) FROM consent_records")
        yield
        connection.rollback()


@ON_POSTGRESQL
def test_a_migration_that_waits_for_a_reader_keeps_nobody_else_waiting(
    owner, served, postgresql_administrator_url, tmp_path, monkeypatch
):
    tried = threading.Semaphore(0)
    monkeypatch.setattr(schema.log, "info", lambda event: tried.release())

    with served() as (_, asking), ThreadPoolExecutor(1) as beside:
        with reading(postgresql_administrator_url):
            upgrade = beside.submit(next_version(owner, tmp_path).upgrade)
            for _ in range(3):  # it tries, lets go, and tries again
                assert tried.acquire(timeout=30)
            assert not upgrade.done()
        upgrade.result()

    assert asking.failed() == []  # whoever waits two seconds for a lock is told to come again


@ON_POSTGRESQL
def test_the_control_a_migration_that_waits_as_others_do_lets_them_fail(
    owner, served, postgresql_administrator_url, tmp_path, monkeypatch
):
    monkeypatch.setattr(schema, "LOCK_PATIENCE", "60s")

    with served() as (_, asking), ThreadPoolExecutor(1) as beside:
        with reading(postgresql_administrator_url):
            upgrade = beside.submit(next_version(owner, tmp_path).upgrade)
            while not asking.failed() and not upgrade.done():
                asking.wait_for(1, "decision")
        upgrade.result()

    assert {status for _, status, _ in asking.failed()} == {503}


@ON_POSTGRESQL
def test_a_table_that_others_hold_to_the_end_is_left_as_it_was(
    owner, publish, postgresql_administrator_url, tmp_path, monkeypatch
):
    monkeypatch.setattr(schema, "PATIENCE", 0)
    then = next_version(owner, tmp_path)

    with reading(postgresql_administrator_url), pytest.raises(schema.SchemaInUse):
        then.upgrade()

    with owner.app_context():
        schema.require_newest()


def test_an_upgrade_of_several_steps_is_done_whole_or_not_at_all(owner, tmp_path):
    then = next_version(owner, tmp_path, more="raise KeyError")
    with owner.app_context():
        db.session.remove()
        then.downgrade()
        before = schema.current()

        with pytest.raises(KeyError):
            then.upgrade()

        assert (schema.current(), before < schema.head()) == (before, True)


@ON_SQLITE
def test_a_schema_with_no_place_for_this_version_is_refused(client, owner, environment, tmp_path):
    next_version(owner, tmp_path, f".{int(schema.head()) + 1:04}").upgrade()

    assert client.get("/readyz").status_code == 503
    with pytest.raises(RuntimeError, match="a newer version of the service made it"):
        start(environment, tmp_path)


@ON_SQLITE
def test_new_code_on_an_older_schema_does_not_start_where_it_may_not_change_it(
    owner, environment, tmp_path
):
    then = next_version(owner, tmp_path)

    with pytest.raises(RuntimeError, match="db upgrade"):
        start({**environment, "CONSENT_AUTO_MIGRATE": "false"}, tmp_path, then.serve)
