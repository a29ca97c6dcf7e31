"""The service purges by itself: with its first round of housekeeping, and once a day."""

import pytest

from consent_server import background
from tests.builders import refusal


class Stop(BaseException):
    """Ends the endless work of the thread."""


@pytest.fixture
def rounds(app, monkeypatch):
    """Keep house for some rounds, of so many seconds each; gives how often was purged."""

    def rounds(count, seconds):
        purges, left, elapsed = [], iter(range(count)), iter(range(0, 10**9, seconds))
        real = background._purge

        def lapse(*_):
            if next(left, None) is None:
                raise Stop
            return 0

        def purge(*arguments):
            purges.append(arguments)
            return real(*arguments)

        watch = type("Watch", (), {"monotonic": lambda: next(elapsed)})
        with monkeypatch.context() as patched, pytest.raises(Stop):
            patched.setattr(background, "HOUSEKEEPING_EVERY", 0)
            patched.setattr(background, "record_lapses", lapse)
            patched.setattr(background, "require_clock", lambda now: None)  # the test's own clock
            patched.setattr(background, "_purge", purge)
            patched.setattr(background, "time", watch)
            background._keep_house(app)
        return len(purges)

    return rounds


def test_what_was_kept_long_enough_goes_with_the_first_round(decide, rounds, records, clock):
    decide(refusal())
    clock.set("2028-11-22T20:00:00+00:00")

    assert rounds(1, 1) == 1

    assert records() == []


def test_the_next_purge_comes_a_day_later(decide, rounds, records):
    decide(refusal())

    often, seldom = rounds(10, 60), rounds(10, 90_000)

    assert often == 1
    assert seldom == 10
    assert len(records()) == 1
