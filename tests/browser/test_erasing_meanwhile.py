"""The visitor deletes the records while something else is on its way, or the answer gets lost."""

import pytest
from playwright.sync_api import expect

from tests.browser.service import OPTIONAL


@pytest.fixture
def press_delete(visitor):
    """Open the records and press until they are deleted; gives the dialog."""

    def press_delete():
        visitor.way_back.click()
        visitor.button(visitor.preferences, "records").click()
        dialog = visitor.page.get_by_role("dialog", name=visitor.texts["records"], exact=True)
        visitor.button(dialog, "erase").click()
        visitor.button(dialog, "erase_yes").click()
        return dialog

    return press_delete


@pytest.fixture
def kept(visitor):
    """Keep requests of one method and path; gives a function that gives one of them, unanswered."""

    def kept(method, path):
        routes = []

        def keep(route):
            routes.append(route) if route.request.method == method else route.continue_()

        def nth(number=0):
            while len(routes) <= number:
                visitor.page.wait_for_timeout(10)  # the browser has not sent it yet
            return routes[number]

        visitor.page.route(f"**/{path}*", keep)
        return nth

    return kept


@pytest.fixture
def deletion(kept):
    """Give the request to delete, unanswered."""
    return kept("DELETE", "me")


def test_a_lost_answer_is_made_good_by_pressing_again(visitor, site, press_delete, deletion):
    visitor.open(site.page())
    visitor.accept_all()
    dialog = press_delete()
    deletion().fetch()
    deletion().abort()
    expect(dialog.get_by_role("alert")).to_have_text(visitor.texts["records_failed"])
    assert site.records() == []
    assert visitor.granted() == set(OPTIONAL)

    visitor.page.unroute("**/me*")
    visitor.button(dialog, "erase").click()
    visitor.button(dialog, "erase_yes").click()

    visitor.expect_said("erased_status")
    assert visitor.granted() == set()
    assert '"id"' not in visitor.cookies()["consent_state"]


def test_another_not_found_is_no_deletion(visitor, site, press_delete, deletion):
    visitor.open(site.page())
    visitor.accept_all()
    dialog = press_delete()

    deletion().fulfill(status=404, body='{"reason": "site_unknown"}')

    expect(dialog.get_by_role("alert")).to_have_text(visitor.texts["records_failed"])
    assert visitor.granted() == set(OPTIONAL)


def test_a_decision_that_arrives_after_the_deletion_is_not_recorded(
    visitor, site, press_delete, kept
):
    visitor.open(site.page())
    visitor.accept_all()
    decision = kept("POST", "consents")
    visitor.way_back.click()
    visitor.switch(visitor.texts["category.marketing.title"]).uncheck()
    visitor.save()

    press_delete()
    visitor.expect_said("erased_status")
    assert site.records() == []
    with visitor.page.expect_response("**/consents") as answer:
        decision(0).continue_()

    assert answer.value.status == 409
    decision(1).continue_()
    visitor.page.unroute("**/consents*")
    visitor.wait_until_delivered()
    assert [(one["event"], one["subject"]) for one in site.records()] == [("refused", None)]
    assert visitor.granted() == set()


def test_what_is_on_its_way_cannot_be_kept_any_more(visitor, site, press_delete, deletion):
    visitor.open(site.page())
    visitor.accept_all()

    dialog = press_delete()

    expect(visitor.button(dialog, "erase_no")).to_be_disabled()
    expect(dialog.get_by_role("heading", name=visitor.texts["records"])).to_be_focused()
    deletion().continue_()
    visitor.expect_said("erased_status")
    assert visitor.granted() == set()


@pytest.mark.parametrize("is_deleted", [True, False])
def test_who_left_is_told_what_became_of_it(is_deleted, visitor, site, press_delete, deletion):
    visitor.open(site.page())
    visitor.accept_all()
    dialog = press_delete()
    expect(visitor.button(dialog, "erase_no")).to_be_disabled()
    visitor.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    deletion().continue_() if is_deleted else deletion().abort()

    visitor.expect_said("erased_status" if is_deleted else "records_failed")
    assert visitor.granted() == (set() if is_deleted else set(OPTIONAL))


def test_what_the_operator_deleted_is_no_failure(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    none = '{"reason": "consent_id_unknown"}'
    visitor.page.route("**/me", lambda route: route.fulfill(status=404, body=none))
    visitor.way_back.click()
    with visitor.page.expect_response("**/me"):
        visitor.button(visitor.preferences, "records").click()

    dialog = visitor.page.get_by_role("dialog", name=visitor.texts["records"], exact=True)
    expect(dialog.get_by_text(visitor.texts["records_intro"])).to_be_visible()
    expect(dialog.get_by_role("alert")).to_have_count(0)
