"""R114, R116, F-53: the browser's no to every site, and the yes to one that outweighs it."""

import pytest
from playwright.sync_api import expect

from tests.browser.service import TRACKER, gated
from tests.browser.web import VENDOR

NECESSARY = {"id": "necessary", "required": True, "reason": "consent_choice"}
BOTH = [NECESSARY, {"id": "analytics"}, {"id": "marketing"}]
MARKETING_ALONE = [NECESSARY, {"id": "marketing"}]
ADS = {**TRACKER, "id": "ads", "name": "Ads", "category": "marketing", "stores": []}


def _turn_on(visitor, value="true"):
    signal = f"Object.defineProperty(navigator, 'globalPrivacyControl', {{value: {value}}})"
    visitor.page.add_init_script(signal)


def _notice(visitor):
    marketing = visitor.texts["category.marketing.title"]
    return visitor.texts["gpc_honoured"].format(categories=marketing)


def _marketing(site):
    return [
        (r["method"], r["gpc"], r["categories"]["marketing"]["granted"]) for r in site.records()
    ]


@pytest.fixture
def shop(a_site):
    return a_site(categories=BOTH, services=[TRACKER, ADS])


@pytest.fixture
def address(shop, web):
    return shop.page(gated("analytics", "/a.js", web) + gated("marketing", "/m.js", web))


def test_the_question_leaves_it_out_and_says_so_and_accepting_all_leaves_it_off(
    visitor, shop, address
):
    _turn_on(visitor)
    visitor.open(address)

    expect(visitor.banner.get_by_text(_notice(visitor))).to_be_visible()
    asked = visitor.banner.locator("li strong")
    expect(asked).to_have_text(
        [visitor.texts[f"category.{id_}.title"] for id_ in ("necessary", "analytics")]
    )
    visitor.accept_all()
    visitor.wait_until_ran()

    assert (visitor.granted(), visitor.ran()) == ({"analytics"}, ["a"])
    assert _marketing(shop) == [("banner", True, False)]
    visitor.reload()
    visitor.expect_not_asked()
    visitor.wait_until_ran()
    assert (visitor.ran(), len(shop.records())) == (["a"], 1)


def test_its_switch_in_the_second_layer_grants_it_on_the_next_pages_too(visitor, shop, address):
    _turn_on(visitor)
    visitor.open(address)

    visitor.allow(visitor.texts["category.marketing.title"])

    assert visitor.granted() == {"marketing"}
    assert _marketing(shop) == [("preferences", True, True)]
    visitor.reload()
    visitor.wait_until_ran()
    assert (visitor.granted(), visitor.ran()) == ({"marketing"}, ["m"])
    assert len(shop.records()) == 1
    assert shop.check(visitor.token(), "marketing")["granted"] is True


def test_a_grant_from_before_the_signal_is_taken_back_at_once_and_the_rest_stays(
    visitor, shop, address, web
):
    visitor.open(address)
    visitor.accept_all()
    token = visitor.token()
    visitor.wait_until_ran(2)
    before = len(web.requests_to(VENDOR))
    _turn_on(visitor)

    with visitor.page.expect_response("**/consents"):
        visitor.reload()

    visitor.wait_until_ran()
    expect(visitor.status).to_have_text(_notice(visitor))
    assert (visitor.granted(), visitor.ran()) == ({"analytics"}, ["a"])
    assert len(web.requests_to(VENDOR)) <= before + 1
    visitor.page.wait_for_function("document.cookie.includes('consent_token')")
    assert _marketing(shop) == [("banner", False, True), ("gpc", True, False)]
    assert shop.check(token, "marketing")["categories"]["marketing"]["reason"] == "withdrawn"
    assert shop.check(visitor.token(), "analytics")["granted"] is True
    visitor.reload()
    visitor.expect_not_asked()
    assert (visitor.granted(), len(shop.records())) == ({"analytics"}, 2)


def test_taking_back_answers_nothing_that_has_to_be_asked(visitor, shop, address):
    visitor.open(address)
    visitor.accept_all()
    _turn_on(visitor)
    another = {**TRACKER, "id": "another", "name": "Another", "stores": []}
    shop.publish(services=[TRACKER, another, ADS])

    with visitor.page.expect_response("**/consents"):
        visitor.open(address)

    visitor.expect_asked()
    visitor.wait_until_delivered()
    assert visitor.granted() == set()
    visitor.reload()
    visitor.expect_asked()
    visitor.accept_all()
    assert visitor.granted() == {"analytics"}
    assert [method for method, *_ in _marketing(shop)] == ["banner", "gpc", "banner"]


def test_where_nothing_else_is_asked_the_signal_is_the_answer_and_names_nobody(
    visitor, a_site, web
):
    site = a_site(categories=MARKETING_ALONE, services=[ADS])
    _turn_on(visitor)
    sent = []
    visitor.page.on("request", lambda request: sent.append((request.method, request.url)))

    with visitor.page.expect_response("**/consents"):
        visitor.open(site.page(gated("marketing", "/m.js", web)))

    visitor.expect_not_asked()
    expect(visitor.status).to_have_text(_notice(visitor))
    visitor.wait_until_delivered()
    (record,) = site.records()
    assert (record["event"], record["method"], record["gpc"], record["subject"]) == (
        "refused",
        "gpc",
        True,
        None,
    )
    assert list(visitor.cookies()) == ["consent_state"]
    assert {"id", "n"} & set(visitor.state()) == set()
    sent.clear()
    visitor.reload()
    visitor.expect_not_asked()
    assert [url for method, url in sent if method == "POST"] == []
    assert (len(site.records()), web.requests_to(VENDOR)) == (1, [])


def test_a_refusal_by_the_signal_that_cannot_be_sent_holds_and_goes_later(visitor, a_site):
    site = a_site(categories=MARKETING_ALONE, services=[ADS])
    visitor.page.clock.install()
    _turn_on(visitor)
    visitor.page.route("**/consents", lambda route: route.abort())
    visitor.open(site.page())
    expect(visitor.status).to_have_text(_notice(visitor))

    visitor.page.unroute("**/consents")
    with visitor.page.expect_response("**/consents"):
        visitor.page.clock.run_for(5_000)

    assert [record["method"] for record in site.records()] == ["gpc"]


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("value", ["false", "undefined", "1", "'1'", "'true'", "null"])
def test_any_other_value_is_no_signal(value, visitor, shop, address):
    _turn_on(visitor, value)
    visitor.open(address)

    expect(visitor.banner.get_by_text(_notice(visitor))).to_have_count(0)
    visitor.accept_all()

    assert visitor.granted() == {"analytics", "marketing"}
    assert _marketing(shop) == [("banner", False, True)]


def test_what_is_shown_once_goes_with_the_next_no(visitor, shop, web):
    frame = f'data-category="marketing" data-service="ads" data-src="{web.origin(VENDOR)}/v"'
    _turn_on(visitor)
    visitor.open(shop.page(f"<iframe {frame}></iframe>"))
    placeholder = visitor.page.locator("consent-placeholder")
    visitor.button(placeholder, "placeholder_once").click()
    expect(visitor.page.locator("iframe[src]")).to_have_count(1)

    visitor.reject_all()

    expect(visitor.page.locator("iframe")).to_have_count(0)
    expect(placeholder).to_have_count(1)
    visitor.wait_until_delivered()
    assert {record["gpc"] for record in shop.records()} == {True}
