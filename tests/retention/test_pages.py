"""A purge on SQLite keeps what it changes in memory, and lets go of it at its end."""

import pytest

from consent_server.db import db
from consent_server.retention import purging
from consent_server.sqlite import sqlite3
from tests.builders import refusal

#: KiB in memory, and pages that wait in the write-ahead log, as SQLite says both.
ORDINARY, MANY, ALONE = (-2000, 1000), (-32000, 1000), (-32000, 8000)


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


@pytest.fixture
def kept(app):
    """What the connection of the session is told to keep."""

    def kept():
        with app.app_context():
            names = "cache_size", "wal_autocheckpoint"
            ask = db.session.connection().exec_driver_sql
            found = tuple(ask(f"PRAGMA {name}").scalar_one() for name in names)
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
        monkeypatch.setattr("consent_server.db.set_pages", refuse)
        raise RuntimeError("at rest")

    with pytest.raises(RuntimeError, match="at rest"):
        purge(rest=fail)
