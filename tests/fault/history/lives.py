"""What visitors said over the years, told independently of the service: the oracle of F-24."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from consent_server.ledger.canonical import base64url_encode

#: No 29 February is among the days of these tests on which something must be over.
YEARS_A_YES_HOLDS = 1
YEARS_RECORDS_ARE_KEPT = 2


def years_later(instant: datetime, years: int) -> datetime:
    """Return the same day and time some years on."""
    if (instant.month, instant.day) == (2, 29):
        return instant.replace(year=instant.year + years, month=3, day=1, hour=0, minute=0)
    return instant.replace(year=instant.year + years)


@dataclass
class Said:
    """One decision of a visitor."""

    at: datetime
    record_id: str
    #: To each category that needs a yes.
    granted: dict[str, bool]
    #: Number of the publication that was shown.
    revision: int
    token: str | None


@dataclass
class Life:
    """One visitor."""

    number: int
    said: list[Said] = field(default_factory=list)
    #: That the service holds nothing any more.
    erased_at: datetime | None = None

    @property
    def consent_id(self) -> str:
        """Of 128 bits, as a browser makes it."""
        return base64url_encode(self.number.to_bytes(16, "big"))

    @property
    def token(self) -> str | None:
        """The last token that this browser was given."""
        return next((said.token for said in reversed(self.said) if said.token), None)

    def is_granted(self, category: str, now: datetime, revision: int) -> bool:
        """Whether a yes holds now.

        :param revision: of the last publication that changed what the category is for
        """
        if self.is_gone(now) or not self.said:
            return False
        last = self.said[-1]
        is_over = now >= years_later(last.at, YEARS_A_YES_HOLDS)
        return last.granted[category] and not is_over and last.revision >= revision

    def is_gone(self, now: datetime) -> bool:
        """Whether what was recorded must have been erased by the purge of now."""
        if self.erased_at is not None:
            return True
        return bool(self.said) and now >= years_later(self.said[-1].at, YEARS_RECORDS_ARE_KEPT)


def days(begin: datetime, count: int, step: int) -> list[datetime]:
    """Return the instants of a history: every so many days."""
    return [begin + timedelta(days=day) for day in range(0, count, step)]
