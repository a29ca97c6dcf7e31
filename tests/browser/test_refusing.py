"""R004, R005, R017, R019, R021, R024: a refusal costs no more than an acceptance, and holds."""

import pytest
from playwright.sync_api import expect

from tests.browser.service import OPTIONAL, gated
from tests.browser.web import SHOP, VENDOR

NOTHING = dict.fromkeys(OPTIONAL, False)


def test_two_fresh_profiles_that_refuse_hold_one_entry_and_identical_bytes(new_visitor, site):
    def device_after_a_refusal():
        visitor = new_visitor()
        visitor.open(site.page())
        with visitor.page.expect_response("**/consents"):
            visitor.reject_all()
        visitor.wait_until_delivered()
        assert visitor.storage()["local"] == []
        return visitor.cookies(), visitor.storage()

    first, second = device_after_a_refusal(), device_after_a_refusal()

    assert first == second
    assert list(first[0]) == ["consent_state"]
    assert all(names == [] for names in first[1].values())


def test_a_refusal_is_recorded_without_anybody(visitor, site):
    visitor.open(site.page())

    with visitor.page.expect_response("**/consents") as answered:
        visitor.reject_all()

    body = answered.value.request.post_data_json
    assert {"consent_id", "n"} & set(body) == set()
    assert "token" not in answered.value.json()
    (record,) = site.records()
    assert (record["event"], record["subject"], record["method"]) == ("refused", None, "banner")


def test_after_a_refusal_three_more_pages_store_nothing_and_contact_no_vendor(visitor, site, web):
    body = gated("analytics", "/a.js", web)
    frame = f'<iframe data-category="marketing" data-src="{web.origin(VENDOR)}/v"></iframe>'
    pages = [site.page(body + frame, path=path) for path in ("/", "/one", "/two", "/three")]
    hosts = []
    visitor.open(pages[0])
    visitor.reject_all()
    visitor.page.on("request", lambda request: hosts.append(request.url.split("/")[2]))

    for page in pages[1:]:
        visitor.open(page)
        visitor.expect_not_asked()

    assert web.requests_to(VENDOR) == []
    assert list(visitor.cookies()) == ["consent_state"]
    assert set(hosts) == {f"{SHOP}:{web.port}", site.service.origin.removeprefix("http://")}


@pytest.mark.parametrize("slot", ["accept", "reject"])
def test_each_answer_takes_one_click_and_no_second_question_follows(slot, visitor, site):
    visitor.open(site.page())

    visitor.answer(slot).click()

    visitor.expect_not_asked()
    expect(visitor.preferences).to_have_count(0)
    granted = slot == "accept"
    visitor.page.wait_for_function("is => ConsentServer.has('analytics') === is", arg=granted)
    assert visitor.state()["categories"] == dict.fromkeys(OPTIONAL, granted)


def test_the_question_is_reached_by_tab_before_the_rest_of_the_page(visitor, site):
    visitor.open(site.page('<a href="/elsewhere">A link of the page</a>'))
    visitor.expect_asked()
    reached = []

    for _ in range(4):
        visitor.page.keyboard.press("Tab")
        reached.append(visitor.page.evaluate("document.activeElement.localName"))

    assert reached == ["consent-server"] * 4


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_pressing_a_key_as_soon_as_the_question_shows_decides_nothing(key, visitor, site):
    visitor.open(site.page())
    visitor.page.evaluate("ConsentServer.show()")
    expect(visitor.banner.get_by_role("heading")).to_be_focused()

    visitor.page.keyboard.press(key)

    visitor.expect_asked()
    assert (visitor.cookies(), site.records()) == ({}, [])


@pytest.mark.parametrize("way", ["Escape", "close", "outside"])
def test_leaving_the_second_layer_decides_nothing(way, visitor, site):
    visitor.open(site.page())
    visitor.choose()
    visitor.switch("Analytics").check()

    if way == "Escape":
        visitor.page.keyboard.press("Escape")
    elif way == "close":
        visitor.button(visitor.preferences, "close").click()
    else:
        visitor.page.mouse.click(5, 5)

    visitor.page.keyboard.press("Escape")
    expect(visitor.preferences).to_have_count(0)
    visitor.expect_asked()
    assert (visitor.granted(), visitor.cookies(), site.records()) == (set(), {}, [])


def test_escape_on_the_banner_and_a_click_beside_it_decide_nothing(visitor, site):
    visitor.open(site.page("<p>Text of the page</p>"))
    visitor.answer("accept").focus()

    visitor.page.keyboard.press("Escape")
    visitor.page.get_by_text("Text of the page").click()

    visitor.expect_asked()
    assert (visitor.cookies(), site.records()) == ({}, [])


def test_every_switch_is_off_at_first_and_saving_them_untouched_refuses_everything(visitor, site):
    visitor.open(site.page())
    visitor.choose()

    for switch in visitor.preferences.get_by_role("switch").all():
        expect(switch).not_to_be_checked()
    assert visitor.preferences.get_by_role("switch").count() == len(OPTIONAL)
    with visitor.page.expect_response("**/consents"):
        visitor.save()

    (record,) = site.records()
    assert record["event"] == "refused"
    assert {id_: record["categories"][id_]["granted"] for id_ in OPTIONAL} == NOTHING
    assert visitor.granted() == set()
