"""The service purges by itself: with its first round of housekeeping, and of each day."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from consent_server import background
from consent_server.db import db
from consent_server.erasing import traces
from consent_server.log.models import RestrictedProof
from consent_server.retention import housekeeping, purging
from tests.builders import refusal


class Stop(BaseException):
    """Ends the endless work of the thread."""


@pytest.fixture
def rounds(app, clock, monkeypatch):
    """Keep house for some rounds, a time apart; gives how often was purged."""

    def rounds(count, problem=None, meanwhile=lambda: None, **apart):
        purges, left = [], iter(range(count))
        real = housekeeping.purge

        def begin(_):
            if next(left, None) is None:
                raise Stop
            clock.advance(**apart)

        def lapse(*_):
            if problem is not None:
                raise problem
            meanwhile()
            return 0

        def purge(*arguments, **how):
            purges.append(arguments)
            return real(*arguments, **how)

        with monkeypatch.context() as patched, pytest.raises(Stop):
            patched.setattr(background, "HOUSEKEEPING_EVERY", 0)
            patched.setattr(housekeeping, "record_lapses", lapse)
            patched.setattr(background, "require_clock", begin)  # the clock is the test's own
            patched.setattr(housekeeping, "purge", purge)
            background._keep_house(app)
        return len(purges)

    return rounds


def test_what_was_kept_long_enough_goes_with_the_first_round(decide, rounds, records, clock):
    decide(refusal())
    clock.set("2028-11-22T20:00:00+00:00")

    assert rounds(1, seconds=0) == 1

    assert records() == []


def test_each_day_has_a_purge_soon_after_it_has_begun(decide, rounds, records, clock):
    decide(refusal())
    clock.set("2026-11-22T23:58:30+00:00")

    often, seldom = rounds(10, seconds=50), rounds(10, days=1)

    assert often == 2
    assert seldom == 10
    assert len(records()) == 1


def test_consents_that_cannot_be_ended_keep_no_purge_waiting(decide, rounds, records, clock):
    decide(refusal())
    clock.set("2028-11-22T20:00:00+00:00")

    assert rounds(2, problem=KeyError("records"), seconds=0) == 1

    assert records() == []


def test_a_clock_that_jumps_within_a_round_erases_nothing(decide, rounds, records, clock):
    decide(refusal())

    assert rounds(1, meanwhile=lambda: clock.set("2099-01-01T00:00:00+00:00"), seconds=0) == 1
    assert len(records()) == 1


class TestTraces:
    """Of SQLite: on PostgreSQL an operator takes them away."""

    @pytest.fixture
    def database_url(self, sqlite_url):
        return sqlite_url

    def test_what_a_purge_left_is_taken_away_when_nobody_reads_any_more(
        self, decide, rounds, clock, monkeypatch
    ):
        """A backup by night, say: the day's purge comes at midnight too."""
        decide(refusal())
        clock.set("2028-11-22T20:00:00+00:00")
        done, passed = [], [0.0]

        def remove_traces(at_most):
            with db.engine.connect() as reader:
                if not done:
                    reader.exec_driver_sql("SELECT count(*) FROM sites").scalar()
                done.append((passed[0], traces.remove_traces(at_most)))
            return done[-1][1]

        def half_an_hour():
            passed[0] += 1800

        fake = SimpleNamespace(monotonic=lambda: passed[0])
        monkeypatch.setattr(housekeeping, "time", fake)
        monkeypatch.setattr(housekeeping, "remove_traces", remove_traces)
        rounds(5, meanwhile=half_an_hour, seconds=1)

        assert done == [(1800, False), (5400, True)]

    def test_what_a_purge_left_is_taken_away_by_the_process_that_comes_next(
        self, decide, rounds, clock, monkeypatch
    ):
        """Somebody read meanwhile, and the service was started anew before they were done."""
        decide(refusal())
        young, done = [], []
        monkeypatch.setattr(housekeeping, "remove_traces", young.append)
        rounds(1, seconds=0)
        clock.set("2028-11-22T20:00:00+00:00")
        monkeypatch.setattr(housekeeping, "remove_traces", lambda _: False)
        rounds(1, seconds=0)
        monkeypatch.setattr(housekeeping, "remove_traces", done.append)
        rounds(1, seconds=0)

        assert (young, done) == ([], [traces.MEDIUM])

    @pytest.fixture
    def cleaned_on(self, app, rounds, clock, monkeypatch):
        """Keep house for four days, in which a command purges and goes; the days of a cleaning.

        It was stopped before it came to that, or the service read or wrote just then.
        """
        done = []

        def command():
            purging.purge(clock.instant, app.extensions["consent_erased"])

        def remove_traces(_):
            done.append(clock.instant.day)
            return True

        def cleaned_on():
            clock.set("2028-11-20T20:00:00+00:00")
            monkeypatch.setattr(housekeeping, "remove_traces", remove_traces)
            rounds(4, meanwhile=command, days=1)
            return done

        return cleaned_on

    def test_what_the_purge_of_a_command_left_is_taken_away_the_next_day(self, decide, cleaned_on):
        decide(refusal())

        assert cleaned_on() == [22]

    def test_so_is_what_it_left_of_proofs_alone(self, app, site, clock, cleaned_on):
        clock.set("2028-11-22T20:00:00+00:00")
        ended = {"site_id": "demo", "proof_id": "p" * 22, "ends_at": clock.instant, "sealed": b"x"}
        with app.app_context():
            db.session.execute(sa.insert(RestrictedProof), ended)
            db.session.commit()

        assert cleaned_on() == [21, 22]  # the first round cannot know what was before it

    def test_a_large_database_is_left_to_a_command(self, decide, rounds, clock, monkeypatch):
        decide(refusal())
        clock.set("2028-11-22T20:00:00+00:00")
        done = []
        monkeypatch.setattr(housekeeping, "MEDIUM", 4096)
        monkeypatch.setattr(housekeeping, "CLEAN_EVERY", 0)

        def remove_traces(at_most):
            done.append(traces.remove_traces(at_most))
            return done[-1]

        monkeypatch.setattr(housekeeping, "remove_traces", remove_traces)
        rounds(3, seconds=1)

        assert done == [False]


class TestNoTraces:
    """Of PostgreSQL: an operator takes them away, and a trail may be long."""

    @pytest.fixture
    def database_url(self, postgresql_url):
        return postgresql_url

    def test_no_trail_is_read_for_them(self, app, decide, rounds, clock):
        decide(refusal())
        clock.set("2028-11-20T20:00:00+00:00")
        asked = []
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

        rounds(2, days=1)

        assert asked
        assert [text for text in asked if "count" in text and "trail_lines" in text] == []
