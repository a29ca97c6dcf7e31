"""R079, R085: a tab that slept wakes to what holds then, whatever wakes it."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.browser.service import OPTIONAL, gated
from tests.browser.test_time import NEXT_YEAR
from tests.browser.web import VENDOR

DAY = timedelta(days=1)
START = datetime(NEXT_YEAR, 3, 10, 12, tzinfo=UTC)
SIGNALS = {"google_consent_mode": "basic", "data_layer": "on"}
SHOWN = "document.dispatchEvent(new Event('visibilitychange'))"
#: What Google's tags and tag managers were told last about analytics.
TOLD = """() => {
    const entries = [...dataLayer];
    const updates = entries.filter((entry) => entry[0] === 'consent' && entry[1] === 'update');
    const events = entries.filter(({event}) => event === 'consent_update');
    return [updates.at(-1)[2].analytics_storage, events.at(-1).consent.analytics];
}"""
#: A marked script that the page adds after it woke.
ADD = """address => {
    const script = document.createElement('script');
    Object.assign(script, {type: 'text/plain'});
    Object.assign(script.dataset, {category: 'analytics', src: address});
    document.body.append(script);
}"""


@pytest.fixture
def sleep(visitor, service):
    """Let the tab sleep until an instant: its timers stand still, then it wakes in some way."""

    def until(instant: datetime, how: str) -> None:
        service.set_clock(instant)
        visitor.page.clock.set_system_time(instant)
        if how == "timer":
            visitor.page.clock.run_for(60_000)
        elif how == "shown":
            visitor.page.evaluate(SHOWN)

    return until


@pytest.fixture
def accepted(visitor, service, a_site, web):
    """Accept everything at the start, on a page whose script runs."""

    def accept(**changes):
        service.set_clock(START)
        visitor.page.clock.install(time=START)
        site = a_site(signals=SIGNALS, **changes)
        visitor.open(site.page(gated("analytics", "/a.js", web)))
        visitor.accept_all()
        visitor.wait_until_ran()
        assert visitor.page.evaluate(TOLD) == ["granted", True]
        return site

    return accept


def _add_a_script(visitor, web):
    """Add a marked script, and give the browser the time to load it, were it allowed."""
    code = "window.cameLate = true;"
    visitor.page.evaluate(ADD, web.put(VENDOR, "/late.js", code, "text/javascript"))
    visitor.page.evaluate("fetch(location.href).then(() => undefined)")


@pytest.mark.parametrize("how", ["timer", "shown"])
def test_after_a_day_everything_goes_on_and_nobody_is_asked(how, accepted, sleep, visitor, web):
    site = accepted()

    sleep(START + DAY, how)

    visitor.expect_not_asked()
    assert visitor.granted() == set(OPTIONAL)
    assert visitor.page.evaluate(TOLD) == ["granted", True]
    _add_a_script(visitor, web)
    visitor.page.wait_for_function("window.cameLate")
    assert web.requests_to(VENDOR) == ["/a.js", "/late.js"]
    assert len(site.records()) == 1


@pytest.mark.parametrize("how", ["timer", "shown"])
def test_after_the_end_nothing_may_run_signals_are_denied_and_it_asks(
    how, accepted, sleep, visitor, web
):
    accepted(on_withdrawal="continue")

    sleep(START + 366 * DAY, how)

    visitor.expect_asked()
    visitor.expect_said("expired_status")
    assert visitor.granted() == set()
    assert visitor.page.evaluate("ConsentServer.getToken()") is None
    assert visitor.page.evaluate(TOLD) == ["denied", False]
    _add_a_script(visitor, web)
    assert web.requests_to(VENDOR) == ["/a.js"]


def test_before_anything_has_woken_the_widget_the_page_is_told_no(accepted, sleep, visitor, web):
    accepted(on_withdrawal="continue")

    sleep(START + 366 * DAY, "by a question of the page alone")

    assert visitor.granted() == set()
    assert visitor.page.evaluate("ConsentServer.getToken()") is None
    _add_a_script(visitor, web)
    assert web.requests_to(VENDOR) == ["/a.js"]


def test_a_page_whose_script_ran_is_loaded_anew_when_it_wakes_and_asks(
    accepted, sleep, visitor, web
):
    accepted()

    sleep(START + 366 * DAY, "shown")
    visitor.expect_said("reload_status")
    assert visitor.granted() == set()
    assert visitor.page.evaluate(TOLD) == ["denied", False]
    with visitor.page.expect_navigation():
        visitor.page.clock.run_for(2_000)

    visitor.wait_until_ready()
    visitor.expect_asked()
    assert (visitor.granted(), visitor.ran()) == (set(), [])
    assert web.requests_to(VENDOR) == ["/a.js"]


def test_what_another_tab_took_back_meanwhile_is_gone_when_it_wakes(accepted, sleep, visitor, site):
    """Where the two cannot speak to each other, as with a tab that was frozen."""
    visitor.page.add_init_script("delete window.BroadcastChannel")
    accepted(on_withdrawal="continue")
    kept = visitor.page.context.cookies()
    visitor.page.context.clear_cookies()
    refused = {**next(c for c in kept if c["name"] == "consent_state")}
    refused["value"] = refused["value"].replace("true", "false")
    visitor.page.context.add_cookies([refused])

    sleep(START + DAY, "shown")

    visitor.page.wait_for_function("!ConsentServer.has('analytics')")
    assert visitor.granted() == set()
    visitor.page.wait_for_function(f"({TOLD})()[0] === 'denied'")
