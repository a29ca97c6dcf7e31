"""A purge on SQLite keeps what it changes in memory, and lets go of it at its end."""

import os
import threading
from contextlib import ExitStack
from contextvars import Context
from pathlib import Path

import pytest
import sqlalchemy as sa

from consent_server.committing import shared_commits
from consent_server.db import db, many_pages
from consent_server.driver import borrowed
from consent_server.retention import purging, retries
from consent_server.sqlite import any_text, sqlite3
from tests.builders import refusal

#: KiB in memory, and pages that wait in the write-ahead log, as SQLite says both.
ORDINARY, MANY, ALONE = (-2000, 1000), (-32000, 1000), (-32000, 8000)
NAMES = "cache_size", "wal_autocheckpoint"


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


@pytest.fixture
def kept(app):
    """What the connection of the session is told to keep."""

    def kept():
        with app.app_context():
            ask = db.session.connection().exec_driver_sql
            found = tuple(ask(f"PRAGMA {name}").scalar_one() for name in NAMES)
            db.session.rollback()
            return found

    return kept


@pytest.fixture
def a_purge(decide, clock, kept, purge, monkeypatch):
    """Purge some batches of one record; gives what was kept after each."""

    def a_purge(is_quiet):
        found = []

        def rest():
            found.append(kept())
            return is_quiet

        for _ in range(3):
            decide(refusal())
        clock.advance(days=3 * 365)
        monkeypatch.setattr(purging, "BATCH", {"sqlite": 1})
        monkeypatch.setattr(purging, "QUIET_BATCH", {"sqlite": 1})
        assert purge(rest=rest).records == 3
        return found

    return a_purge


def test_where_others_write_they_bring_no_more_into_the_file_than_ever(a_purge):
    assert a_purge(is_quiet=False) == [MANY] * 3


def test_where_nobody_does_more_waits_for_its_place(a_purge):
    assert a_purge(is_quiet=True) == [MANY, ALONE, ALONE]


def test_the_connection_lets_go_of_it(a_purge, kept):
    a_purge(is_quiet=True)

    assert kept() == ORDINARY


def test_whoever_writes_next_finds_all_of_it_in_the_file(database_url, a_purge, decide):
    log = Path(f"{database_url.removeprefix('sqlite:///')}-wal")

    def salts():
        """What is another one where the log is begun anew, since nothing in it waits any more."""
        return log.read_bytes()[16:24] if log.exists() else os.urandom(8)

    a_purge(is_quiet=True)
    left = salts()
    decide(refusal())

    assert salts() != left


def test_it_does_so_where_the_purge_fails(decide, clock, purge, kept):
    decide(refusal())
    clock.advance(days=3 * 365)

    def fail():
        raise RuntimeError("at rest")

    with pytest.raises(RuntimeError, match="at rest"):
        purge(rest=fail)

    assert kept() == ORDINARY


def test_what_failed_is_told_and_not_what_the_end_met(decide, clock, purge, monkeypatch):
    decide(refusal())
    clock.advance(days=3 * 365)

    def refuse(*_):
        raise sqlite3.OperationalError("disk I/O error")

    def fail():
        monkeypatch.setattr("consent_server.sqlite.set_pages", refuse)
        raise RuntimeError("at rest")

    with pytest.raises(RuntimeError, match="at rest"):
        purge(rest=fail)


def test_it_does_so_where_the_purge_had_several_connections(app, decide, clock, purge):
    decide(refusal())
    clock.advance(days=3 * 365)

    def use_another():
        """Leave the connection of the purge below another one, which is then the last used."""
        first, second = db.engine.raw_connection(), db.engine.raw_connection()
        first.close()
        second.close()

    purge(rest=use_another)

    with app.app_context(), ExitStack() as taken:
        idle = [db.engine.raw_connection() for _ in range(db.engine.pool.checkedin())]
        for connection in idle:
            taken.callback(connection.close)
        found = [_kept_by(connection.driver_connection) for connection in idle]
    assert len(found) > 1
    assert set(found) == {ORDINARY}


def test_what_decides_meanwhile_for_the_first_time_keeps_none_of_it(app, decide, clock, purge):
    decide(refusal())
    clock.advance(days=3 * 365)
    with app.app_context():
        line = shared_commits(db.engine)
        db.engine.dispose()  # as in a service that has just begun
    found = []

    def work(driver):
        found.append(_kept_by(driver.connection))

    purge(rest=lambda: _in_a_thread(line.run, work))

    assert found == [ORDINARY]


def test_no_more_waits_once_others_write(decide, clock, purge, kept, monkeypatch):
    monkeypatch.setattr(retries, "KEYS", 1)
    decide(refusal())
    clock.advance(days=3 * 365)
    for _ in range(2):
        decide(refusal())
    clock.advance(days=2)
    found, quiet = [], iter([True, False, False])

    def rest():
        found.append(kept())
        return next(quiet)

    purged = purge(rest=rest)

    assert (purged.records, purged.idempotency_keys) == (1, 2)
    assert found == [MANY, ALONE, MANY]


def test_a_connection_that_cannot_be_told_is_an_error_of_the_engine(app, monkeypatch):
    def refuse(*_):
        raise sqlite3.OperationalError("disk I/O error")

    def take():
        with app.app_context():
            db.session.connection()

    with app.app_context(), many_pages():
        db.session.connection()
        db.session.rollback()
        monkeypatch.setattr("consent_server.sqlite.set_pages", refuse)
        with pytest.raises(sa.exc.OperationalError, match="disk I/O error"):
            Context().run(take)
    monkeypatch.undo()

    take()


def test_nobody_reads_what_is_no_text_because_another_does(app):
    with app.app_context():
        with any_text():
            db.session.connection()
            db.session.rollback()
        with borrowed(db.engine) as driver, pytest.raises(sqlite3.OperationalError, match="UTF-8"):
            driver.exec_driver_sql("SELECT CAST(x'ff' AS TEXT)").fetchone()


def _kept_by(driver):
    return tuple(driver.execute(f"PRAGMA {name}").fetchone()[0] for name in NAMES)


def _in_a_thread(target, *args):
    thread = threading.Thread(target=target, args=args)
    thread.start()
    thread.join()
