"""Safari's memory: the rules by which WebKit keeps cookies, over a year of visits.

Cookies written by a script are kept for seven days. Those that an answer of the site's own host
sets are kept as long as they say, at most 400 days; those of a host that is another one's by CNAME
or by its address for seven days too.

Source: https://webkit.org/tracking-prevention/ (7-day cap, third-party CNAME and IP cloaking)
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookies import SimpleCookie

SCRIPT_DAYS = 7
ANSWER_DAYS = 400


@dataclass(frozen=True)
class Written:
    """One cookie that a browser was given."""

    #: As a script or a Set-Cookie header spells it.
    text: str
    by_script: bool
    at: datetime

    @property
    def name(self) -> str:
        """Its name."""
        return self.text.partition("=")[0]

    @property
    def value(self) -> str:
        """Its value."""
        return self.text.partition(";")[0].partition("=")[2]

    @property
    def end(self) -> datetime:
        """When it ends by its own word."""
        morsel = SimpleCookie(self.text)[self.name]
        if morsel["max-age"]:
            return self.at + timedelta(seconds=int(morsel["max-age"]))
        return parsedate_to_datetime(morsel["expires"])


@dataclass
class Jar:
    """The cookies of one host."""

    #: Days for which a cookie that an answer set is kept at most.
    answer_days: int = ANSWER_DAYS
    cookies: dict[str, tuple[Written, datetime]] = field(default_factory=dict)

    def take(self, written: Iterable[Written], now: datetime) -> None:
        """Keep what was written, as if it had been written now."""
        for cookie in written:
            days = SCRIPT_DAYS if cookie.by_script else self.answer_days
            life = min(cookie.end - cookie.at, timedelta(days=days))
            self.cookies.pop(cookie.name, None)
            if life > timedelta(0):
                self.cookies[cookie.name] = (cookie, now + life)

    def at(self, now: datetime) -> dict[str, str]:
        """Forget what is over; return the values that are left, by name."""
        self.cookies = {name: kept for name, kept in self.cookies.items() if kept[1] > now}
        return {name: kept[0].value for name, kept in self.cookies.items()}


def banners(choice: list[Written], every: int, answer_days: int = ANSWER_DAYS) -> int:
    """Count how often a visitor is asked in 365 days who makes the same choice each time.

    A visit with the choice in the jar asks nothing and writes nothing.

    :param choice: what the browser was given when the choice was made
    :param every: days between two visits
    """
    jar, start, count = Jar(answer_days), choice[0].at, 0
    for day in range(0, 365, every):
        now = start + timedelta(days=day)
        if "consent_state" not in jar.at(now):
            jar.take(choice, now)
            count += 1
    return count
