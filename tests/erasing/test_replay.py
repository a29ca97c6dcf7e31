"""A database that was set back to an older copy has what was erased again, for a moment."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from consent_server.consents import following
from consent_server.db import db
from consent_server.erasing.erasedlist import ErasedListUnusable
from consent_server.erasing.replay import replay
from consent_server.retention.purging import purge
from tests.builders import OTHER_VISITOR, acceptance, bundle_hash, refusal, withdrawal
from tests.databases import locked
from tests.log.backup import Backup
from tests.log.tampering import unguarded


@pytest.fixture
def backup(app):
    return Backup(app)


@pytest.fixture
def again(app, clock, erased):
    """Do what the start of the service and every round of the sequencer do."""

    def again(**how):
        with app.app_context():
            return replay(erased, clock.instant, **how)

    return again


def test_what_a_restored_copy_brings_back_is_erased_again(
    decide, erase, backup, again, records, audit
):
    decide(acceptance(1))
    decide(acceptance(1, consent_id=OTHER_VISITOR))
    decide(refusal())
    backup.take()
    erase()
    backup.restore()
    assert len(records()) == 3

    done = again(), again()

    assert done == (1, 0)
    assert len(records()) == 2
    assert audit() == []


def test_without_the_list_it_would_stay(decide, erase, backup, again, records, app):
    """The control: it is the list that brings it about."""
    decide(acceptance())
    backup.take()
    erase()
    backup.restore()
    (app.extensions["consent_settings"].data_dir / "erased" / "list.jsonl").unlink()

    assert again() == 0

    assert len(records()) == 1


def test_a_late_retry_stays_refused_after_a_restore(decide, erase, backup, again, records):
    given = acceptance(1)
    decide(given)
    backup.take()
    erase()
    backup.restore()
    again()

    assert decide(given).json["reason"] == "consent_erased"
    assert records() == []


def test_a_late_retry_that_came_before_the_copy_was_erased_again_goes_too(
    decide, erase, backup, again, records, audit, seal
):
    decide(acceptance(1))
    backup.take()
    late = withdrawal(2)
    decide(late)
    erase()
    backup.restore()
    assert decide(late).status_code == 201  # the copy does not know yet
    decide(withdrawal(3))  # by somebody who goes on
    seal()

    again()

    assert [record["n"] for record in records()] == [3]
    assert audit() == []


def test_an_erasure_after_a_restore_first_does_what_was_restored(decide, erase, backup, records):
    decide(acceptance(1))
    decide(acceptance(1, consent_id=OTHER_VISITOR))
    backup.take()
    erase()
    backup.restore()

    assert erase(OTHER_VISITOR) == 1

    assert records() == []


def test_the_log_goes_on_after_the_restore_of_a_copy_that_holds_all_that_was_signed(
    decide, erase, seal, backup, again, audit, clock
):
    decide(acceptance())
    seal()
    backup.take()
    erase()
    backup.restore()

    assert again() == 1
    clock.advance(seconds=31)
    assert seal().count == 1

    assert audit() == []


def test_a_thorough_replay_finds_what_the_mark_says_is_done(
    decide, erase, backup, again, records, app
):
    decide(acceptance())
    backup.take()
    erase()
    with app.app_context(), db.engine.connect() as connection:
        marks = [
            dict(row)
            for row in connection.execute(sa.text("SELECT * FROM erasure_marks")).mappings()
        ]
    backup.restore()
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO erasure_marks VALUES (:list_id, :number)"), marks)

    assert (again(), len(records())) == (0, 1)
    assert again(is_thorough=True) == 1
    assert records() == []


def test_to_erase_again_prolongs_no_memory(app, decide, erase, erased, again, rows, clock):
    """What is remembered of an erased consent id is so for 25 months, however often it is done."""
    decide(acceptance())
    erase()
    clock.set("2028-11-22T20:00:00+00:00")
    again(is_thorough=True)
    (kept,) = rows("erased_subjects")
    clock.set("2028-12-24T20:00:00+00:00")
    with app.app_context():
        purge(clock.instant, erased)

    assert kept["n"] == 1
    assert rows("erased_subjects") == []


def test_a_clock_that_was_set_back_lets_no_erasure_be_forgotten_too_soon(
    app, decide, erase, erased, backup, again, records, rows, clock
):
    """As that of a machine that has none, before it hears of the time."""
    given = acceptance()
    decide(given)
    backup.take()
    right = clock.instant
    clock.set("2020-01-01T00:00:00+00:00")
    erase()
    clock.set(right)
    with app.app_context():
        purge(clock.instant, erased)
    kept = rows("erased_subjects")
    backup.restore()

    assert again() == len(kept) == 1
    assert records() == []
    assert decide(given).json["reason"] == "consent_erased"


def test_an_instant_that_cannot_be_read_keeps_no_erasure_waiting(
    app, decide, erase, erased, records, clock
):
    decide(acceptance())
    with app.app_context(), unguarded(db.engine) as connection:
        none = "1971-" if connection.dialect.name == "sqlite" else "-infinity"
        connection.execute(sa.text("UPDATE consent_records SET recorded_at = :at"), {"at": none})

    assert erase() == 1
    assert records() == []
    with erased.held():
        assert [line.day for line in erased.lines(0)] == [clock.instant.date()]


def test_a_damaged_list_is_refused_and_not_taken_for_an_empty_one(decide, erase, again, app):
    decide(acceptance())
    erase()
    path = app.extensions["consent_settings"].data_dir / "erased" / "list.jsonl"
    path.write_text(path.read_text().replace('"number"', '"nombre"'))

    with pytest.raises(ErasedListUnusable, match=r"list\.jsonl: line 2"):
        again()


def test_what_no_copy_is_older_than_is_dropped_from_the_list(decide, erase, erased, clock, again):
    decide(acceptance(1))
    erase()
    decide(acceptance(2))
    clock.advance(days=800)
    erase()

    assert erased.drop_before(clock.instant.date()) == 1

    with erased.held():
        assert erased.position()[1] == 2
        assert [line.day for line in erased.lines(0)] == [clock.instant.date()]
    assert again() == 0
    decide(acceptance(3))
    assert erase() == 1


class TestLocks:
    """Of PostgreSQL: SQLite has one, for all of the database."""

    def test_a_late_retry_that_is_on_its_way_meanwhile_brings_nothing_back(
        self, app, site, decide, erase, backup, again, records, rows, monkeypatch
    ):
        """It asked what was erased before that was known again, and is recorded afterwards."""
        late, asked, goes_on = acceptance(2), threading.Event(), threading.Event()
        next_record = following.next_record

        def slow(*arguments, **how):
            asked.set()
            assert goes_on.wait(timeout=20)
            return next_record(*arguments, **how)

        backup.take()
        decide(late)
        erase()
        backup.restore()
        monkeypatch.setattr(following, "next_record", slow)
        with ThreadPoolExecutor(2) as pool:
            retry = pool.submit(decide, late)
            assert asked.wait(timeout=20)
            done = pool.submit(again)
            deadline = time.monotonic() + 20
            while not rows("erased_subjects"):
                assert time.monotonic() < deadline
            wait([done], timeout=1)
            goes_on.set()

        assert retry.result().status_code == 201, "nobody could know it yet"
        assert done.result() == 1
        assert records() == []

    @pytest.fixture
    def database_url(self, postgresql_url):
        return postgresql_url

    def test_a_site_that_is_locked_keeps_no_other_from_being_erased_again(
        self, app, publish, decide, erase, backup, again, rows
    ):
        publish("another")
        for site in ("another", "demo"):
            decide(acceptance(bundle=bundle_hash(site)), site_id=site)
        backup.take()
        for site in ("another", "demo"):
            assert erase(site=site) == 1
        backup.restore()

        with app.app_context():
            engine = db.engine
        with locked(engine, "log", "another"), pytest.raises(OperationalError):
            again()
        left = len(rows("consent_records", site="another")), len(rows("consent_records"))

        assert left == (1, 0)
        assert again() == 1
