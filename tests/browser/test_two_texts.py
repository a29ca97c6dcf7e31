"""R087: one tab from before the site published anew, one from after it; one choice."""

import pytest
from playwright.sync_api import expect

from tests.browser.consent_page import ConsentPage
from tests.browser.service import OPTIONAL, TRACKER, gated
from tests.browser.web import VENDOR

#: Changes what analytics means, and nothing else.
ANOTHER = {**TRACKER, "id": "another", "name": "Another", "stores": []}
CATEGORIES = [
    {"id": "necessary", "required": True, "reason": "consent_choice"},
    *({"id": id_} for id_ in [*OPTIONAL, "social"]),
]
SOCIAL = {
    language: {"category.social.title": "Social", "category.social.text": "Shows what friends say."}
    for language in ("en", "fr")
}
GATED = {"analytics": "/a.js", "marketing": "/m.js"}


@pytest.fixture
def tabs(visitor, a_site, web):
    """Return a function that gives the site, a tab from before and one from after the change."""
    newer = []

    def open_both(*, has_accepted, **changes):
        site = a_site(on_withdrawal="continue")
        body = "".join(gated(category, path, web) for category, path in GATED.items())
        address = site.page(body)
        visitor.open(address)
        if has_accepted:
            visitor.accept_all()
        site.publish(**changes or {"services": [TRACKER, ANOTHER]})
        newer.append(ConsentPage(visitor.page.context.new_page()))
        newer[0].open(address)
        return site, visitor, newer[0]

    yield open_both
    assert [error for tab in newer for error in tab.errors] == []


def _look_again(*tabs):
    """Let each tab see what the device holds, as when it is shown again."""
    for tab in tabs:
        tab.wait_until_delivered()
        tab.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        tab.page.wait_for_timeout(50)


def _accept_in_the_new_one(old, new):
    """Accept the new text; the old tab hears of it and fetches that text."""
    with old.page.expect_response("**/bundle"):
        new.accept_all()
    _look_again(old, new)


def test_a_withdrawal_in_the_old_tab_holds_in_the_new_one(tabs):
    site, old, new = tabs(has_accepted=True)
    assert new.granted() == {"functional", "marketing"}

    old.withdraw()

    old.expect_said("withdrawn_status")
    _look_again(old, new)
    assert (old.granted(), new.granted()) == (set(), set())
    assert [record["event"] for record in site.records()] == ["given", "withdrawn"]
    new.reload()
    assert new.granted() == set()


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("has_accepted", [True, False], ids=["earlier yes", "first answer"])
def test_what_was_accepted_in_the_new_tab_is_withdrawn_in_the_old_one(has_accepted, tabs):
    site, old, new = tabs(has_accepted=has_accepted)
    _accept_in_the_new_one(old, new)
    token = new.token()
    assert (old.granted(), new.granted()) == (set(OPTIONAL), set(OPTIONAL))

    old.withdraw()

    old.expect_said("withdrawn_status")
    _look_again(old, new)
    assert (old.granted(), new.granted()) == (set(), set())
    assert site.check(token, "marketing")["granted"] is False
    # They know the new text, and have just said no: nobody asks them again.
    new.expect_not_asked()
    new.reload()
    new.expect_not_asked()
    assert new.granted() == set()


def test_a_withdrawal_in_the_new_tab_holds_in_the_old_one(tabs):
    _, old, new = tabs(has_accepted=True)
    _accept_in_the_new_one(old, new)

    new.withdraw()

    new.expect_said("withdrawn_status")
    _look_again(new, old)
    assert (old.granted(), new.granted()) == (set(), set())
    old.expect_not_asked()


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("has_accepted", [True, False], ids=["earlier yes", "first answer"])
def test_an_acceptance_of_the_old_text_is_asked_again_in_both(has_accepted, tabs, web):
    site, old, new = tabs(has_accepted=has_accepted)
    held = new.granted()
    assert held == ({"functional", "marketing"} if has_accepted else set())
    earlier = site.records()
    new.page.wait_for_load_state("networkidle")  # what it holds was allowed to load
    web.forget()
    if has_accepted:
        old.way_back.click()

    old.button(old.preferences if has_accepted else old.banner, "accept").click()

    old.expect_said("outdated")
    old.expect_asked()
    _look_again(old, new)
    new.expect_asked()
    assert (old.granted(), new.granted(), site.records()) == (held, held, earlier)
    assert web.requests_to(VENDOR) == []
    old.accept_all()
    _look_again(new)
    expect(new.banner).to_have_count(0)
    assert (old.granted(), new.granted()) == (set(OPTIONAL), set(OPTIONAL))
    assert len(site.records()) == len(earlier) + 1


def test_a_refusal_in_the_old_tab_leaves_the_new_one_without_a_grant(tabs):
    site, old, new = tabs(has_accepted=False)

    with old.page.expect_response("**/consents"):
        old.reject_all()

    _look_again(old, new)
    assert (old.granted(), new.granted()) == (set(), set())
    assert [record["event"] for record in site.records()] == ["refused"]


def test_a_category_that_the_old_tab_does_not_know_is_withdrawn_there_as_well(tabs):
    site, old, new = tabs(has_accepted=True, categories=CATEGORIES, texts=SOCIAL)
    _accept_in_the_new_one(old, new)
    assert (old.has("social"), new.has("social")) == (True, True)
    token = new.token()

    old.withdraw()

    old.expect_said("withdrawn_status")
    _look_again(old, new)
    assert (new.granted(), new.has("social")) == (set(), False)
    assert site.check(token, "social")["granted"] is False
    new.expect_not_asked()
    new.reload()
    new.expect_not_asked()


def test_a_choice_of_one_part_in_the_old_tab_leaves_the_rest_as_it_was(tabs):
    site, old, new = tabs(has_accepted=True, categories=CATEGORIES, texts=SOCIAL)
    _accept_in_the_new_one(old, new)

    assert old.page.evaluate("ConsentServer.save({marketing: false})")

    _look_again(old, new)
    held = site.records()[-1]["categories"]
    assert {id_ for id_ in held if held[id_]["granted"]} == {
        *("necessary", "functional", "analytics", "social")
    }
    for tab in (old, new):
        assert (tab.granted(), tab.has("social")) == ({"functional", "analytics"}, True)
        tab.expect_not_asked()


def test_what_is_open_with_older_words_closes_when_newer_ones_come(tabs):
    _, old, new = tabs(has_accepted=True)
    held = []
    old.page.route("**/bundle", lambda route: held.append(route))
    with old.page.expect_request("**/bundle"):
        new.accept_all()
    old.way_back.click()
    expect(old.preferences).to_be_visible()

    held[0].continue_()

    expect(old.preferences).to_have_count(0)
    old.way_back.click()
    expect(old.preferences).to_contain_text("Another")
