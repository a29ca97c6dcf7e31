"""One visitor, two tabs: what is decided in one holds in the other."""

from playwright.sync_api import expect

from tests.browser.consent_page import ConsentPage
from tests.browser.service import gated

LOOKED_AT_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


def test_a_withdrawal_in_one_tab_stops_the_other(visitor, site, web):
    address = site.page(gated("analytics", "/a.js", web))
    visitor.open(address)
    visitor.accept_all()
    other = ConsentPage(visitor.page.context.new_page())
    other.open(address)
    other.wait_until_ran()

    visitor.withdraw()
    visitor.expect_said("withdrawn_status")
    other.page.evaluate(LOOKED_AT_AGAIN)

    other.page.wait_for_function("!ConsentServer.has('analytics')")
    assert other.errors == []


def test_an_acceptance_in_one_tab_closes_the_question_in_the_other(visitor, site, web):
    address = site.page(gated("analytics", "/a.js", web))
    visitor.open(address)
    other = ConsentPage(visitor.page.context.new_page())
    other.open(address)
    other.expect_asked()

    visitor.accept_all()
    other.page.evaluate(LOOKED_AT_AGAIN)

    expect(other.banner).to_have_count(0)
    other.wait_until_ran()
    assert other.ran() == ["a"]
    assert len(site.records()) == 1


def test_two_tabs_that_answer_differently_leave_the_later_answer(visitor, site):
    address = site.page()
    visitor.open(address)
    other = ConsentPage(visitor.page.context.new_page())
    other.open(address)
    visitor.accept_all()
    token = visitor.token()

    # The question is closed in both of them by now.
    with other.page.expect_response("**/consents"):
        other.page.evaluate("ConsentServer.rejectAll()")

    visitor.reload()
    assert visitor.granted() == set()
    assert site.check(token, "analytics")["granted"] is False
