"""Calendar months: the server and the widget count the same."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as some

from consent_server.sites.durations import add_months, lifetime_seconds, months, months_before

INSTANTS = some.datetimes(timezones=some.just(UTC)).filter(lambda at: 1900 < at.year < 2200)
MONTHS = some.integers(0, 120)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("instant", "count", "expected"),
    [
        ("2026-11-22T20:00:00.123", 12, "2027-11-22T20:00:00.123"),
        ("2024-02-29T10:00:00", 12, "2025-03-01T00:00:00"),
        ("2024-02-29T10:00:00", 48, "2028-02-29T10:00:00"),
        ("2026-08-31T23:59:59.999", 6, "2027-03-01T00:00:00"),
        ("2027-08-31T12:00:00", 6, "2028-03-01T00:00:00"),
        ("2026-08-30T12:00:00", 6, "2027-03-01T00:00:00"),
        ("2027-08-29T12:00:00", 6, "2028-02-29T12:00:00"),
        ("2026-12-31T23:59:59.999", 12, "2027-12-31T23:59:59.999"),
        ("2026-12-31T23:59:59.999", 6, "2027-07-01T00:00:00"),
        ("2026-10-31T08:00:00", 1, "2026-12-01T00:00:00"),
        ("2026-11-30T08:00:00", 1, "2026-12-30T08:00:00"),
        ("2026-12-15T08:00:00", 1, "2027-01-15T08:00:00"),
    ],
)
def test_months_later_is_the_same_day_or_the_first_of_the_next_month(instant, count, expected):
    assert add_months(_utc(instant), count) == _utc(expected)


@given(INSTANTS, MONTHS)
def test_the_day_and_time_are_kept_wherever_the_month_has_the_day(instant, count):
    later = add_months(instant, count)

    month = (instant.year * 12 + instant.month - 1 + count) % 12 + 1
    if later.month == month:
        assert (later.day, later.time()) == (instant.day, instant.time())
    else:
        assert instant.day > 28
        assert (later.day, later.time()) == (1, datetime.min.time())


@given(INSTANTS, MONTHS)
def test_months_later_is_never_sooner_than_as_many_shortest_months(instant, count):
    later = add_months(instant, count)

    assert later >= instant + timedelta(days=28 * count)
    assert later <= instant + timedelta(days=31 * count + 1)


@given(INSTANTS, INSTANTS, MONTHS)
def test_who_decided_earlier_is_never_asked_again_later(one, other, count):
    earlier, later = sorted((one, other))

    assert add_months(earlier, count) <= add_months(later, count)


@given(INSTANTS, MONTHS)
def test_no_month_passes_in_no_months(instant, count):
    assert add_months(instant, 0) == instant
    assert add_months(instant, count).tzinfo is not None


@pytest.mark.parametrize(
    "instant",
    [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))],  # noqa: DTZ001
)
def test_only_instants_in_utc_are_counted_from(instant):
    with pytest.raises(ValueError, match="UTC"):
        add_months(instant, 1)


def test_time_is_not_counted_backwards_nor_beyond_the_calendar():
    with pytest.raises(ValueError, match="negative"):
        add_months(_utc("2026-01-01"), -1)
    with pytest.raises(OverflowError):
        add_months(_utc("9999-06-01"), 12)


@pytest.mark.parametrize(
    ("duration", "expected"), [("P12M", 12), ("P1Y", 12), ("P2Y", 24), ("P6M", 6)]
)
def test_durations_in_whole_months_are_read(duration, expected):
    assert months(duration) == expected


@pytest.mark.parametrize(
    "duration",
    ["", "P", "P0M", "P01M", "P1Y6M", "P30D", "PT5M", "P1.5M", "p1m", "P1M ", "P1M\n", "P१M", "1M"],
)
def test_anything_but_whole_months_is_refused(duration):
    with pytest.raises(ValueError, match="whole months"):
        months(duration)


@pytest.mark.parametrize(
    ("shorter", "longer"),
    [
        ("P24M", "P25M"),
        ("P760D", "P25M"),
        ("P25M", "P761D"),
        ("P2Y1M", "P25MT1S"),
        ("PT30M", "P1D"),
    ],
)
def test_lifetimes_are_compared_in_mean_months(shorter, longer):
    assert lifetime_seconds(shorter) < lifetime_seconds(longer)


@pytest.mark.parametrize(
    "lifetime", ["P", "PT", "P0D", "P1", "P1S", "PT1D", "-P1D", "P1.5D", "13M"]
)
def test_anything_but_a_duration_is_no_lifetime(lifetime):
    with pytest.raises(ValueError, match="ISO 8601"):
        lifetime_seconds(lifetime)


@given(INSTANTS, MONTHS)
@example(_utc("2026-03-01T00:00:00"), 24)
@example(_utc("2028-02-29T10:00:00"), 24)
@example(_utc("2028-02-29T10:00:00"), 12)
def test_months_before_is_the_last_instant_from_which_so_many_months_are_over(instant, count):
    instant = instant.replace(microsecond=instant.microsecond // 1000 * 1000)

    before = months_before(instant, count)

    assert add_months(before, count) <= instant
    assert add_months(before + timedelta(milliseconds=1), count) > instant
