"""R087: what a site changes is asked about anew, and nothing else is."""

from playwright.sync_api import expect

from tests.browser.service import OPTIONAL, TRACKER, gated
from tests.browser.web import VENDOR

CATEGORIES = [
    {"id": "necessary", "required": True, "reason": "consent_choice"},
    *({"id": id_} for id_ in [*OPTIONAL, "social"]),
]
SOCIAL = {
    language: {"category.social.title": "Social", "category.social.text": "Shows what friends say."}
    for language in ("en", "fr")
}
ANOTHER = {**TRACKER, "id": "another", "name": "Another", "stores": []}


def test_a_new_category_is_asked_about_and_the_old_choices_go_on(visitor, site, web):
    address = site.page(gated("analytics", "/old.js", web) + gated("social", "/new.js", web))
    visitor.open(address)
    visitor.accept_all()
    token = visitor.token()

    site.publish(categories=CATEGORIES, texts=SOCIAL)
    visitor.reload()

    visitor.expect_asked()
    expect(visitor.banner).to_contain_text("Shows what friends say.")
    visitor.wait_until_ran()
    assert visitor.ran() == ["old"]
    assert (visitor.has("analytics"), visitor.has("social")) == (True, False)
    assert site.check(token, "analytics")["granted"] is True
    verdict = site.check(token, "social")
    assert (verdict["granted"], verdict["categories"]["social"]["reason"]) == (False, "stale")
    assert "/new.js" not in web.requests_to(VENDOR)


def test_a_new_vendor_makes_its_category_stale_and_no_other(visitor, site, web):
    address = site.page(gated("analytics", "/a.js", web) + gated("marketing", "/m.js", web))
    visitor.open(address)
    visitor.accept_all()

    site.publish(services=[TRACKER, ANOTHER])
    web.forget()
    visitor.open(site.page(gated("analytics", "/a.js", web) + gated("marketing", "/m.js", web)))

    visitor.expect_asked()
    visitor.wait_until_ran()
    assert visitor.granted() == {"functional", "marketing"}
    assert visitor.ran() == ["m"]
    assert site.check(visitor.token(), "analytics")["categories"]["analytics"]["reason"] == "stale"


def test_a_refusal_of_a_stale_category_takes_nothing_else_away(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    site.publish(services=[TRACKER, ANOTHER])
    visitor.reload()
    visitor.choose()
    expect(visitor.switch("Analytics")).not_to_be_checked()
    expect(visitor.switch("Marketing")).to_be_checked()

    visitor.save()
    visitor.expect_said("saved_status")

    visitor.reload()
    visitor.expect_not_asked()
    assert visitor.granted() == {"functional", "marketing"}


def test_a_correction_with_a_reason_asks_nobody_again(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()

    site.publish(
        reason="a spelling mistake",
        texts={"en": {"category.analytics.text": "We count page views."}},
    )
    visitor.reload()

    visitor.expect_not_asked()
    assert visitor.granted() == set(OPTIONAL)


def test_an_answer_to_a_text_that_changed_meanwhile_is_asked_again_with_the_new_one(visitor, site):
    visitor.open(site.page())
    visitor.expect_asked()
    site.publish(texts={"en": {"category.analytics.text": "We count how long you stay."}})

    visitor.answer("accept").click()

    visitor.expect_said("outdated")
    expect(visitor.banner).to_contain_text("We count how long you stay.")
    assert (visitor.granted(), site.records()) == (set(), [])
    visitor.accept_all()
    assert visitor.granted() == set(OPTIONAL)


def test_a_refusal_of_a_text_that_changed_meanwhile_holds_at_once(visitor, site):
    visitor.open(site.page())
    site.publish(texts={"en": {"category.analytics.text": "We count how long you stay."}})

    with visitor.page.expect_response("**/consents") as answered:
        visitor.reject_all()

    assert answered.value.status == 201
    assert [record["event"] for record in site.records()] == ["refused"]
