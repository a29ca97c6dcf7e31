"""R128: what happens is said politely, and nothing happens by itself."""

import pytest
from playwright.sync_api import expect

HALF_AN_HOUR = 30 * 60 * 1000


def _say(visitor, slot):
    expect(visitor.status).to_have_text(visitor.texts[slot])


@pytest.mark.criterion("4.1.3")
def test_each_action_is_announced_in_a_region_that_was_there_before(visitor, everywhere):
    visitor.see(everywhere)
    expect(visitor.status).to_have_text("")
    visitor.status.evaluate("node => { window.firstStatus = node }")

    visitor.answer("reject").click()
    _say(visitor, "rejected_status")
    visitor.way_back.click()
    visitor.switch(visitor.texts["category.analytics.title"]).check()
    visitor.button(visitor.preferences, "save").click()
    _say(visitor, "saved_status")
    visitor.way_back.click()
    visitor.button(visitor.preferences, "withdraw").click()
    _say(visitor, "withdrawn_status")
    visitor.page.evaluate("() => ConsentServer.show()")
    visitor.answer("accept").click()
    _say(visitor, "saved_status")

    assert visitor.status.evaluate("node => node === window.firstStatus")
    assert visitor.status.get_attribute("aria-live") in (None, "polite")
    expect(visitor.page.get_by_role("alert")).to_have_count(0)


@pytest.mark.criterion("3.3.1", "3.3.3", "4.1.3")
def test_a_grant_that_could_not_be_recorded_is_said_in_words(visitor, everywhere):
    visitor.see(everywhere)
    visitor.page.route("**/consents", lambda route: route.abort())

    visitor.answer("accept").click()

    _say(visitor, "offline_retry")
    assert visitor.granted() == set()


@pytest.mark.criterion("2.2.1", "2.2.2", "3.2.5")
def test_after_half_an_hour_the_question_still_stands_and_nothing_was_decided(
    visitor, everywhere, service
):
    visitor.page.clock.install()
    visitor.see(everywhere)
    before = visitor.banner.aria_snapshot()

    visitor.page.clock.run_for(HALF_AN_HOUR)

    visitor.expect_asked()
    assert visitor.banner.aria_snapshot() == before
    assert (visitor.cookies(), visitor.granted()) == ({}, set())


@pytest.mark.criterion("2.2.1", "3.2.5")
def test_the_second_layer_waits_as_long(visitor, everywhere):
    visitor.page.clock.install()
    visitor.see(everywhere)
    visitor.choose()
    visitor.switch(visitor.texts["category.analytics.title"]).check()

    visitor.page.clock.run_for(HALF_AN_HOUR)

    expect(visitor.switch(visitor.texts["category.analytics.title"])).to_be_checked()
    assert visitor.cookies() == {}
