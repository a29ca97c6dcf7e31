"""R028: a site for children asks for nothing, and nothing optional runs on it."""

from tests.browser.service import gated
from tests.browser.web import VENDOR
from tests.builders import DOCUMENT

REQUIRED = [category for category in DOCUMENT["categories"] if category.get("required")]


def test_a_site_for_children_shows_no_question_stores_nothing_and_denies_everything(
    visitor, a_site, web
):
    site = a_site(directed_to_children=True, categories=REQUIRED, services=[])
    with visitor.page.expect_request("**/s/*.js"):
        visitor.open(site.page(gated("analytics", "/a.js", web)))

    assert visitor.page.get_by_role("button").count() == 0
    assert (visitor.granted(), visitor.cookies(), visitor.has("necessary")) == (set(), {}, True)
    assert not any(visitor.storage().values())
    visitor.page.evaluate("ConsentServer.acceptAll()")
    assert (visitor.granted(), visitor.cookies()) == (set(), {})
    assert (web.requests_to(VENDOR), site.records()) == ([], [])


def test_the_same_page_of_another_site_asks(visitor, a_site, web):
    visitor.open(a_site().page(gated("analytics", "/a.js", web)))

    visitor.expect_asked()
