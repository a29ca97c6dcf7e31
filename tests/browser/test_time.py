"""R026, R079, R085: for how long an answer holds, and that nothing makes it hold longer."""

import calendar
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from consent_server.sites.durations import add_months
from tests.browser.service import gated

MILLISECOND = timedelta(milliseconds=1)
DAY = timedelta(days=1)
#: In the future of any machine that runs this, because a browser drops a cookie of the past; and
#: followed by 365 days until the same day of the next year.
NEXT_YEAR = next(
    year for year in count(datetime.now(UTC).year + 1) if not calendar.isleap(year + 1)
)


@pytest.fixture
def at(visitor, service):
    """Let the visitor and the service be at an instant."""

    def travel(instant: datetime) -> None:
        service.set_clock(instant)
        visitor.page.clock.set_fixed_time(instant)

    return travel


def _midnight_after(instant: datetime) -> datetime:
    return instant.replace(hour=0, minute=0, second=0, microsecond=0) + DAY


def test_an_acceptance_holds_for_364_days_and_is_over_after_366(at, visitor, site, web):
    start = datetime(NEXT_YEAR, 3, 10, 12, tzinfo=UTC)
    at(start)
    visitor.open(site.page(gated("analytics", "/a.js", web)))
    visitor.accept_all()
    token = visitor.token()

    at(start + 364 * DAY)
    visitor.reload()
    visitor.expect_not_asked()
    visitor.wait_until_ran()

    at(start + 366 * DAY)
    visitor.reload()
    visitor.expect_asked()
    assert (visitor.granted(), visitor.ran()) == (set(), [])
    verdict = site.check(token, "analytics")
    assert (verdict["granted"], verdict["categories"]["analytics"]["reason"]) == (False, "expired")


def test_an_acceptance_ends_to_the_millisecond_twelve_months_later(at, visitor, site):
    at(datetime(NEXT_YEAR, 3, 10, 12, tzinfo=UTC))
    visitor.open(site.page())
    visitor.accept_all()
    end = datetime.fromisoformat(site.records()[0]["expires_at"])
    recorded = datetime.fromisoformat(site.records()[0]["recorded_at"])
    # A token counts whole seconds, so that the last of them may be cut short, never prolonged.
    last = end.replace(microsecond=0) - MILLISECOND

    at(last)
    visitor.reload()
    visitor.expect_not_asked()

    at(end)
    visitor.reload()
    visitor.expect_asked()
    assert end == add_months(recorded, 12)


def test_a_page_that_stays_open_over_the_end_stops_and_asks(visitor, service, site):
    start = datetime(NEXT_YEAR, 3, 10, 12, tzinfo=UTC)
    service.set_clock(start)
    visitor.page.clock.install(time=start)
    visitor.open(site.page())
    visitor.accept_all()
    assert visitor.has("analytics")

    visitor.stay_until(start + 366 * DAY)

    visitor.expect_asked()
    assert visitor.granted() == set()


@pytest.mark.parametrize(
    ("profile", "months", "start"),
    [
        ("fr-cnil", 6, datetime(NEXT_YEAR, 3, 10, 12, tzinfo=UTC)),
        ("fr-cnil", 6, datetime(NEXT_YEAR, 8, 31, 23, 59, tzinfo=UTC)),
        ("gdpr", 12, datetime(NEXT_YEAR, 3, 10, 0, 0, tzinfo=UTC)),
    ],
)
def test_after_a_refusal_nobody_asks_until_the_whole_period_is_over(
    profile, months, start, at, visitor, a_site
):
    site = a_site(profile=profile, reprompt_after=f"P{months}M")
    at(start)
    visitor.open(site.page())
    with visitor.page.expect_response("**/consents"):
        visitor.reject_all()
    again = add_months(_midnight_after(start), months)
    if start.day == 31:
        again = datetime(
            NEXT_YEAR + 1, 3, 1, tzinfo=UTC
        )  # February lacks the day: its last one ends

    for quiet in (start + DAY, start + 30 * DAY, again - MILLISECOND):
        at(quiet)
        visitor.reload()
        visitor.expect_not_asked()

    at(again)
    visitor.reload()
    visitor.expect_asked()


def test_ten_visits_prolong_neither_the_choice_nor_the_entry_on_the_device(at, visitor, site):
    start = datetime(NEXT_YEAR, 3, 10, 12, tzinfo=UTC)
    at(start)
    visitor.open(site.page())
    visitor.accept_all()
    before = visitor.page.context.cookies()

    for day in range(1, 11):
        at(start + 30 * day * DAY)
        visitor.reload()
        visitor.expect_not_asked()

    assert visitor.page.context.cookies() == before
    assert len(site.records()) == 1


def test_a_new_answer_after_the_end_holds_for_another_period(at, visitor, site):
    start = datetime(NEXT_YEAR, 3, 10, 12, tzinfo=UTC)
    at(start)
    visitor.open(site.page())
    visitor.accept_all()
    old = visitor.token()
    at(start + 366 * DAY)
    visitor.reload()

    visitor.accept_all()

    assert visitor.granted() == {"functional", "analytics", "marketing"}
    assert [record["event"] for record in site.records()] == ["given", "expired", "renewed"]
    assert site.check(old, "analytics")["granted"] is False
    assert site.check(visitor.token(), "analytics")["granted"] is True


def test_an_acceptance_and_a_refusal_are_remembered_equally_long(at, new_visitor, service, site):
    start = datetime(NEXT_YEAR, 3, 10, 12, tzinfo=UTC)
    service.set_clock(start)
    ends = {}

    for slot in ("accept", "reject"):
        visitor = new_visitor()
        visitor.page.clock.set_fixed_time(start)
        visitor.open(site.page())
        with visitor.page.expect_response("**/consents"):
            visitor.answer(slot).click()
        visitor.wait_until_delivered()
        (entry,) = [c for c in visitor.page.context.cookies() if c["name"] == "consent_state"]
        ends[slot] = entry["expires"]

    assert ends["accept"] <= ends["reject"] <= ends["accept"] + DAY.total_seconds()
