"""Calendar months and the lifetimes of trackers, in ISO 8601."""

import calendar
import re
from datetime import UTC, datetime, timedelta

#: What a duration in whole months may look like: ``P12M`` or ``P1Y``.
MONTHS = re.compile(r"P([1-9][0-9]{0,2})([MY])")

#: What the lifetime of a tracker may look like: ``P13M``, ``P1Y6M``, ``P30D``, ``PT30M``, ``P2W``.
LIFETIME = re.compile(
    r"P(?=[0-9T])(?:([0-9]{1,4})Y)?(?:([0-9]{1,4})M)?(?:([0-9]{1,4})W)?(?:([0-9]{1,5})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,5})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,8})S)?)?"
)

#: Seconds of the mean Gregorian month: 365.2425 days / 12. Only compares lifetimes, never dates.
_MONTH = 2_629_746

#: Seconds of each group of :data:`LIFETIME`, in order.
_UNITS = (12 * _MONTH, _MONTH, 604_800, 86_400, 3_600, 60, 1)


def months(duration: str) -> int:
    """Read a duration in whole months.

    :param duration: ``PnM`` or ``PnY``, such as ``P12M`` or ``P1Y``
    :returns: the number of months, at least 1
    :raises ValueError: anything else, also ``P0M`` and mixed forms such as ``P1Y6M``
    """
    found = MONTHS.fullmatch(duration)
    if found is None:
        raise ValueError(f"{duration!r} is not a duration in whole months, such as P12M or P1Y")
    return int(found[1]) * (12 if found[2] == "Y" else 1)


def add_months(instant: datetime, months: int) -> datetime:
    """Return the same day and time some months later.

    Where that month lacks the day, the result is the first instant of the following month, so that
    nobody is asked again before the whole period has passed. The widget computes the same.

    :param instant: aware, UTC; its fraction of a second is kept
    :param months: 0 or more
    :raises ValueError: the instant is not in UTC, or ``months`` is negative
    :raises OverflowError: the result would lie after the year 9999
    """
    if instant.utcoffset() != timedelta(0):
        raise ValueError("the instant must be aware and in UTC")
    if months < 0:
        raise ValueError("months must not be negative")
    year, month = _month_after(instant.year, instant.month, months)
    try:
        return instant.replace(year=year, month=month)
    except ValueError:
        year, month = _month_after(year, month, 1)
        return datetime(year, month, 1, tzinfo=UTC)


def last_day_of(instant: datetime, months: int) -> datetime:
    """Return the first instant of the same day some months later, or of that month's last day.

    Never more than so many months after: for what must not be kept longer.

    :param instant: aware, UTC
    :param months: 1 or more
    """
    year, month = _month_after(instant.year, instant.month, months)
    day = min(instant.day, calendar.monthrange(year, month)[1])
    return datetime(year, month, day, tzinfo=UTC)


def months_before(instant: datetime, months: int) -> datetime:
    """Return the latest instant, to the millisecond, of which ``add_months`` is not after this one.

    :param instant: aware, UTC
    :param months: 0 or more
    :raises ValueError: the instant is not in UTC, or ``months`` is negative
    """
    if instant.utcoffset() != timedelta(0):
        raise ValueError("the instant must be aware and in UTC")
    if months < 0:
        raise ValueError("months must not be negative")
    year, month = _month_after(instant.year, instant.month, -months)
    first = datetime(year, month, 1, tzinfo=UTC)
    next_year, next_month = _month_after(year, month, 1)
    last = datetime(next_year, next_month, 1, tzinfo=UTC) - timedelta(milliseconds=1)
    begin = instant.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return min(first + (instant - begin), last)


def lifetime_seconds(lifetime: str) -> int:
    """Return the length of a tracker's lifetime, to compare it with a limit.

    :param lifetime: an ISO 8601 duration; a year or month counts as the mean Gregorian one
    :raises ValueError: not an ISO 8601 duration of whole units, or of no length at all
    """
    found = LIFETIME.fullmatch(lifetime)
    seconds = sum(
        int(number or 0) * unit
        for number, unit in zip(found.groups() if found else (), _UNITS, strict=False)
    )
    if seconds == 0:
        raise ValueError(f"{lifetime!r} is not an ISO 8601 duration, such as P13M, P30D or PT30M")
    return seconds


def _month_after(year: int, month: int, months: int) -> tuple[int, int]:
    """Count months from a month; both months are 1 to 12."""
    years, zero_based = divmod(month - 1 + months, 12)
    if year + years > 9999:
        raise OverflowError("the result would lie after the year 9999")
    return year + years, zero_based + 1
