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


def test_a_yes_that_a_no_from_before_it_replaces_is_taken_back(visitor, site):
    """The other tab wrote its no in the instant in which the yes arrived, and had not seen it."""
    address = site.page()
    visitor.open(address)
    visitor.reject_all()
    visitor.wait_until_delivered()
    (no,) = _cookies(visitor, "consent_state")
    visitor.page.context.clear_cookies()
    visitor.reload()
    visitor.accept_all()
    token = visitor.token()

    _written_elsewhere(visitor, address, no)

    visitor.page.wait_for_function("!ConsentServer.has('analytics')")
    visitor.wait_until_delivered()
    assert [record["event"] for record in site.records()] == ["refused", "given", "withdrawn"]
    assert site.check(token, "analytics")["granted"] is False


def test_a_yes_that_another_tab_erased_is_not_taken_back(visitor, site):
    address = site.page()
    visitor.open(address)
    visitor.accept_all()
    other = ConsentPage(visitor.page.context.new_page())
    other.open(address)
    visitor.page.evaluate(
        "document.addEventListener('consent:error', (e) => window.wrong = e.detail)"
    )

    other.way_back.click()
    other.button(other.preferences, "records").click()
    dialog = other.page.get_by_role("dialog", name=other.texts["records"], exact=True)
    other.button(dialog, "erase").click()
    with visitor.page.expect_response("**/consents") as asked:
        other.button(dialog, "erase_yes").click()

    assert asked.value.status == 409
    visitor.wait_until_delivered()
    assert visitor.page.evaluate("window.wrong") is None
    assert [record["event"] for record in site.records()] == ["refused"]


def _cookies(visitor, name):
    return [cookie for cookie in visitor.page.context.cookies() if cookie["name"] == name]


def _written_elsewhere(visitor, address, cookie):
    """Write a state as another tab does, which tells the others afterwards."""
    visitor.page.context.add_cookies([cookie])
    other = visitor.page.context.new_page()
    other.route(address, lambda route: route.fulfill(body="", content_type="text/html"))
    other.goto(address)
    other.evaluate("new BroadcastChannel('consent-server').postMessage(0)")
