"""The second part may come after the answer: it disturbs nothing that was opened meanwhile."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def held(visitor, site):
    """A page whose second part is on its way until it is let go."""
    waiting = []
    visitor.page.route("**/widget/*.js", lambda route: waiting.append(route))
    visitor.open(site.page())

    def let_go():
        while not waiting:
            visitor.page.wait_for_timeout(20)
        for route in waiting:
            route.continue_()
        visitor.page.unroute("**/widget/*.js")

    return let_go


def test_whoever_opens_the_choices_meanwhile_keeps_them_open(held, visitor, site):
    visitor.answer("reject").click()
    visitor.way_back.click()
    expect(visitor.preferences).to_be_visible()
    visitor.switch("Analytics").check()

    with visitor.page.expect_response("**/consents"):
        held()
    visitor.wait_until_delivered()

    expect(visitor.preferences).to_be_visible()
    expect(visitor.switch("Analytics")).to_be_checked()
    with visitor.page.expect_response("**/consents"):
        visitor.button(visitor.preferences, "save").click()
    expect(visitor.preferences).not_to_be_visible()
    assert visitor.granted() == {"analytics"}


def test_whoever_asks_for_the_question_meanwhile_sees_it(held, visitor, site):
    visitor.answer("reject").click()
    visitor.page.evaluate("ConsentServer.show()")
    expect(visitor.banner).to_be_visible()

    with visitor.page.expect_response("**/consents"):
        held()
    visitor.wait_until_delivered()

    expect(visitor.banner).to_be_visible()
