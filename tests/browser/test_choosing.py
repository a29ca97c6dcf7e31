"""R022: each purpose can be granted and refused on its own."""

from itertools import product

import pytest
from playwright.sync_api import expect

from tests.browser.service import TRACKER
from tests.browser.web import VENDOR

TITLES = {
    "functional": "Functional",
    "analytics": "Analytics",
    "marketing": "Marketing",
    "social": "Social",
}
CATEGORIES = [
    {"id": "necessary", "required": True, "reason": "consent_choice"},
    *({"id": id_} for id_ in TITLES),
]
OWN_TEXTS = {
    language: {"category.social.title": "Social", "category.social.text": "Shows what friends say."}
    for language in ("en", "fr")
}


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("wanted", list(product([False, True], repeat=len(TITLES))))
def test_exactly_the_chosen_purposes_are_granted(wanted, visitor, a_site):
    site = a_site(categories=CATEGORIES, texts=OWN_TEXTS)
    chosen = dict(zip(TITLES, wanted, strict=True))
    visitor.open(site.page())

    with visitor.page.expect_response("**/consents"):
        visitor.allow(*(TITLES[id_] for id_, is_wanted in chosen.items() if is_wanted))

    (record,) = site.records()
    assert {id_: record["categories"][id_]["granted"] for id_ in TITLES} == chosen
    assert visitor.state()["categories"] == chosen
    assert {id_: visitor.has(id_) for id_ in TITLES} == chosen
    for id_ in chosen:
        if any(wanted):
            assert site.check(visitor.token(), id_)["granted"] == chosen[id_]


def test_each_service_of_a_category_can_be_refused_on_its_own(visitor, a_site, web):
    services = [{**TRACKER, "id": id_, "name": id_.title(), "stores": []} for id_ in ("one", "two")]
    site = a_site(services=services)
    tags = "".join(
        f'<img data-category="analytics" data-service="{id_}" alt="" '
        f'data-src="{web.origin(VENDOR)}/{id_}">'
        for id_ in ("one", "two")
    )
    visitor.open(site.page(tags))
    visitor.choose()
    visitor.preferences.get_by_text("2 services").click()
    visitor.switch("Two").check()
    expect(visitor.switch("Analytics")).to_be_checked()

    with visitor.page.expect_response(f"{web.origin(VENDOR)}/two"):
        visitor.save()

    assert web.requests_to(VENDOR) == ["/two"]
    (record,) = site.records()
    assert {id_: answer["granted"] for id_, answer in record["services"].items()} == {
        "one": False,
        "two": True,
    }


def test_a_later_choice_takes_back_one_purpose_and_keeps_the_other(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    visitor.way_back.click()

    for title in ("Functional", "Marketing"):
        visitor.switch(title).uncheck()
    visitor.save()
    visitor.expect_said("saved_status")

    assert visitor.granted() == {"analytics"}
    assert [record["event"] for record in site.records()] == ["given", "changed"]
    assert site.check(visitor.token(), "marketing")["granted"] is False
