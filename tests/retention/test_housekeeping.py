"""The service purges by itself: with its first round of housekeeping, and of each day."""

import pytest

from consent_server import background
from tests.builders import refusal


class Stop(BaseException):
    """Ends the endless work of the thread."""


@pytest.fixture
def rounds(app, clock, monkeypatch):
    """Keep house for some rounds, a time apart; gives how often was purged."""

    def rounds(count, problem=None, meanwhile=lambda: None, **apart):
        purges, left = [], iter(range(count))
        real = background._purge

        def begin(_):
            if next(left, None) is None:
                raise Stop
            clock.advance(**apart)

        def lapse(*_):
            if problem is not None:
                raise problem
            meanwhile()
            return 0

        def purge(*arguments):
            purges.append(arguments)
            return real(*arguments)

        with monkeypatch.context() as patched, pytest.raises(Stop):
            patched.setattr(background, "HOUSEKEEPING_EVERY", 0)
            patched.setattr(background, "record_lapses", lapse)
            patched.setattr(background, "require_clock", begin)  # the clock is the test's own
            patched.setattr(background, "_purge", purge)
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
