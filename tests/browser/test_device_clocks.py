"""R079, R085: a wrong clock, or two of them, let nothing hold longer and ask nobody twice."""

from datetime import UTC, datetime, timedelta

import pytest

from consent_server.sites.durations import add_months
from tests.browser.consent_page import ConsentPage
from tests.browser.service import OPTIONAL
from tests.browser.test_time import NEXT_YEAR

DAY = timedelta(days=1)
SKEWS = [-2 * DAY, 2 * DAY]
START = datetime(NEXT_YEAR, 3, 10, 12, tzinfo=UTC)
SHOWN = "document.dispatchEvent(new Event('visibilitychange'))"
#: Puts one tab's clock wrong for good, whatever the others' say.
OFF = """(() => {
    const Right = Date;
    const now = () => Right.now() + SKEW;
    window.Date = class extends Right {
        constructor(...given) { given.length ? super(...given) : super(now()); }
        static now() { return now(); }
    };
})()"""


@pytest.fixture
def at(visitor, service):
    """Let it be an instant at the service, on a device whose clock is off by so much."""

    def travel(instant: datetime, skew: timedelta) -> None:
        service.set_clock(instant)
        visitor.page.clock.set_fixed_time(instant + skew)

    return travel


@pytest.fixture
def another_tab(visitor):
    """Open another tab of the same visitor, whose clock differs by so much."""
    opened = []

    def open_(address: str, skew: timedelta) -> ConsentPage:
        page = visitor.page.context.new_page()
        page.add_init_script(OFF.replace("SKEW", str(skew // timedelta(milliseconds=1))))
        opened.append(ConsentPage(page))
        opened[-1].open(address)
        return opened[-1]

    yield open_
    assert [error for tab in opened for error in tab.errors] == []


def _ids(skew):
    return "slow" if skew < timedelta(0) else "fast"


@pytest.mark.parametrize("skew", SKEWS, ids=_ids)
def test_an_acceptance_holds_and_is_not_asked_again_on_the_next_pages(skew, at, visitor, site):
    at(START, skew)
    visitor.open(site.page())

    visitor.accept_all()

    for later in (timedelta(0), DAY, 300 * DAY):
        at(START + later, skew)
        visitor.reload()
        visitor.expect_not_asked()
        assert visitor.granted() == set(OPTIONAL)
    assert len(site.records()) == 1


@pytest.mark.parametrize("skew", SKEWS, ids=_ids)
def test_no_grant_passes_its_end_on_the_page_nor_at_the_check(skew, at, visitor, site):
    at(START, skew)
    visitor.open(site.page())
    visitor.accept_all()
    token = visitor.token()
    end = datetime.fromisoformat(site.records()[0]["expires_at"])
    assert end == add_months(datetime.fromisoformat(site.records()[0]["recorded_at"]), 12)

    at(end + timedelta(seconds=1), skew)

    # This page has learned from the answer what time it is.
    visitor.page.evaluate(SHOWN)
    visitor.expect_asked()
    assert visitor.granted() == set()
    verdict = site.check(token, "analytics")
    assert (verdict["granted"], verdict["categories"]["analytics"]["reason"]) == (False, "expired")
    # A new page knows the device's clock alone, and goes by it.
    at(end - skew + timedelta(seconds=1), skew)
    visitor.reload()
    visitor.expect_asked()
    assert visitor.granted() == set()


@pytest.mark.parametrize("skew", SKEWS, ids=_ids)
def test_a_refusal_is_not_asked_again_on_the_next_pages(skew, at, visitor, site):
    at(START, skew)
    visitor.open(site.page())
    with visitor.page.expect_response("**/consents"):
        visitor.reject_all()

    for later in (timedelta(0), DAY, 300 * DAY):
        at(START + later, skew)
        visitor.reload()
        visitor.expect_not_asked()
    assert (len(site.records()), visitor.granted()) == (1, set())


@pytest.mark.parametrize("skew", SKEWS, ids=_ids)
def test_after_the_end_one_answer_is_enough(skew, at, visitor, site):
    at(START, skew)
    visitor.open(site.page())
    visitor.accept_all()
    again = START + 370 * DAY
    at(again, skew)
    visitor.reload()
    visitor.expect_asked()

    visitor.accept_all()

    for later in (timedelta(0), DAY):
        at(again + later, skew)
        visitor.reload()
        visitor.expect_not_asked()
        assert visitor.granted() == set(OPTIONAL)
    assert [record["event"] for record in site.records()] == ["given", "expired", "renewed"]


@pytest.mark.parametrize("skew", SKEWS, ids=_ids)
def test_two_tabs_with_two_clocks_never_answer_each_other(skew, at, another_tab, visitor, site):
    at(START, timedelta(0))
    address = site.page()
    visitor.open(address)
    visitor.accept_all()
    end = datetime.fromisoformat(site.records()[0]["expires_at"])
    before = visitor.cookies()
    # Ended for one of the two tabs only.
    at(end - DAY if skew > timedelta(0) else end + DAY, timedelta(0))
    other = another_tab(address, skew)
    visitor.reload()
    late, early = (other, visitor) if skew > timedelta(0) else (visitor, other)

    for _ in range(4):
        for tab in (visitor, other):
            tab.page.evaluate(SHOWN)
            tab.page.wait_for_timeout(20)

    late.expect_asked()
    early.expect_not_asked()
    assert (late.granted(), early.granted()) == (set(), set(OPTIONAL))
    assert (visitor.cookies(), len(site.records())) == (before, 1)


@pytest.mark.parametrize("skew", SKEWS, ids=_ids)
def test_a_no_of_the_tab_for_which_it_is_over_holds_in_both(skew, at, another_tab, visitor, site):
    at(START, timedelta(0))
    address = site.page()
    visitor.open(address)
    visitor.accept_all()
    end = datetime.fromisoformat(site.records()[0]["expires_at"])
    at(end - DAY if skew > timedelta(0) else end + DAY, timedelta(0))
    other = another_tab(address, skew)
    visitor.reload()
    late, early = (other, visitor) if skew > timedelta(0) else (visitor, other)

    with late.page.expect_response("**/consents"):
        late.reject_all()

    early.page.evaluate(SHOWN)
    early.page.wait_for_function("!ConsentServer.has('analytics')")
    assert (late.granted(), early.granted()) == (set(), set())
    early.expect_not_asked()
