"""All packages on the pages of one shop, held back, over the whole life of a consent."""

from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

from tests.packages.catalogue import (
    AT_TIMES,
    KEEPING,
    LOADERS,
    VENDORS,
    hosts,
    is_named,
    owners,
    stores,
)
from tests.packages.journey import Traces

NOTHING = Traces([], set(), set())
LATER_PAGES = ("two", "three", "four")
ALL_HOSTS = set().union(*map(hosts, VENDORS))
ALL_STORES = set().union(*map(stores, KEEPING)) - AT_TIMES
DAY = timedelta(days=1)


def test_before_a_choice_and_after_a_refusal_there_is_nothing_of_any_package(set_out):
    journey, _ = set_out()

    journey.go("one")
    assert journey.traces() == NOTHING
    assert journey.kept() == set()

    journey.visitor.reject_all()
    journey.stay()
    for page in LATER_PAGES:
        journey.go(page)
        journey.visitor.expect_not_asked()

    assert journey.traces() == NOTHING
    assert journey.kept() == {("cookie", "consent_state")}
    assert journey.visitor.errors == []


class Life(NamedTuple):
    """What was seen of a visitor who accepted, browsed and withdrew."""

    before: Traces
    granted: Traces
    browsing: Traces
    #: From the press on, until the page was loaded anew, and then on it.
    leaving: Traces
    #: On three later pages.
    later: Traces


@pytest.fixture(scope="module")
def life(set_out) -> Life:
    """Accept, browse, withdraw, go on."""
    journey, _ = set_out()
    journey.go("one")
    before = journey.traces()
    journey.mark()
    journey.visitor.accept_all()
    journey.wait_for(ALL_HOSTS, ALL_STORES, is_named)
    granted = journey.traces()
    journey.mark()
    for page in LATER_PAGES:
        journey.go(page)
        journey.wait_for(ALL_HOSTS, (), is_named)
    browsing = journey.traces()
    leaving = _leave(journey)
    journey.mark()
    for page in LATER_PAGES:
        journey.go(page)
        journey.visitor.expect_not_asked()
    return Life(before, granted, browsing, leaving, journey.traces())


def _leave(journey) -> Traces:
    """Withdraw, and stay on the page that comes instead of this one.

    What is on its way at the press is the past: the page's timers stand still until it has gone.
    """
    visitor, mouse = journey.visitor, journey.page.mouse
    journey.hold_still()
    visitor.way_back.click()
    visitor.button(visitor.preferences, "withdraw").hover()
    mouse.down()
    journey.be_quiet()
    journey.mark()
    mouse.up()
    with journey.page.expect_navigation():
        journey.go_on()
    journey.visitor.wait_until_ready()
    journey.stay()
    return journey.traces()


def test_before_the_acceptance_nothing_is_there(life):
    assert life.before == NOTHING


@pytest.mark.parametrize("vendor", VENDORS)
def test_after_the_acceptance_each_package_runs_on_every_page(vendor, life):
    for traces in (life.granted, life.browsing):
        assert hosts(vendor) <= {request.host for request in traces.asked}
        assert vendor in traces.fetched
        assert vendor in LOADERS or _is_kept(vendor, traces) == bool(stores(vendor))


def _is_kept(vendor, traces):
    return any(owners(*trace) == {vendor} for trace in traces.kept)


def test_nothing_was_contacted_or_kept_that_the_catalogue_does_not_name(life):
    asked = {request.host for request in life.granted.asked + life.browsing.asked}

    assert asked == ALL_HOSTS
    assert {trace for trace in life.browsing.kept if not owners(*trace)} == set()


def test_from_the_withdrawal_on_no_package_sends_anything(life):
    """Neither while the page can still be read, nor as it goes, nor from the new one."""
    assert life.leaving.asked == []
    assert life.leaving.fetched == set()


def test_what_the_packages_kept_is_gone_after_the_withdrawal(life):
    assert life.leaving.kept == set()


def test_on_later_pages_there_is_nothing_of_any_package_again(life):
    assert life.later == NOTHING


def _accept(set_out):
    journey, shop = set_out()
    journey.go("one")
    journey.visitor.accept_all()
    journey.wait_for(ALL_HOSTS, ALL_STORES, is_named)
    return journey, datetime.fromisoformat(shop.site.records()[0]["expires_at"])


def _browse_without_an_answer(journey):
    journey.visitor.expect_asked()
    for page in LATER_PAGES:
        journey.go(page)


def test_a_page_on_which_twelve_months_end_falls_silent(set_out, running_service):
    journey, end = _accept(set_out)
    running_service.set_clock(end)

    journey.wait_for_the_end(end)
    journey.mark()
    with journey.page.expect_navigation():
        journey.page.clock.run_for(1_000)
        journey.go_on()
    _browse_without_an_answer(journey)

    assert journey.traces() == NOTHING


def test_who_comes_back_after_twelve_months_meets_nothing_of_any_package(set_out, running_service):
    journey, end = _accept(set_out)
    running_service.set_clock(end + DAY)

    journey.travel(end + DAY)
    journey.mark()
    journey.go("two")
    _browse_without_an_answer(journey)

    assert journey.traces() == NOTHING
