"""R087: when something changed, the question says what."""

import pytest
from playwright.sync_api import expect

from tests.browser.service import OPTIONAL, TRACKER

CATEGORIES = [
    {"id": "necessary", "required": True, "reason": "consent_choice"},
    *({"id": id_} for id_ in [*OPTIONAL, "social"]),
]
SOCIAL = {
    language: {"category.social.title": "Social", "category.social.text": "Shows what friends say."}
    for language in ("en", "fr")
}
ANOTHER = {**TRACKER, "id": "another", "name": "Another", "stores": []}


def _marked(visitor):
    """Return the headings of the second layer whose text begins with the label."""
    marks = visitor.preferences.get_by_text(visitor.texts["new_or_changed"], exact=True)
    heading = "mark => (mark.closest('p') ?? mark).previousElementSibling.textContent"
    return marks.evaluate_all(f"marks => marks.map({heading})")


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("answer", ["accept", "reject"])
def test_a_new_category_and_a_changed_one_are_marked_in_both_layers(
    answer, language, visitor, site
):
    visitor.speaks(language)
    address = site.page(language=language)
    visitor.open(address)
    with visitor.page.expect_response("**/consents"):
        visitor.answer(answer).click()
    visitor.wait_until_delivered()
    analytics = visitor.texts["category.analytics.title"]

    site.publish(categories=CATEGORIES, texts=SOCIAL, services=[TRACKER, ANOTHER])
    visitor.open(address)

    visitor.expect_asked()
    marks = visitor.banner.get_by_text(visitor.texts["new_or_changed"])
    expect(marks).to_have_count(2)
    for mark in marks.all():
        assert mark.bounding_box()["height"] >= 12
    marked = visitor.banner.locator("li").filter(has_text=visitor.texts["new_or_changed"])
    assert marked.locator("strong").all_inner_texts() == [analytics, "Social"]
    visitor.choose()
    assert _marked(visitor) == [analytics, "Another", "Social"]


def test_a_first_question_and_one_after_the_end_mark_nothing(visitor, service, site):
    visitor.open(site.page())
    visitor.expect_asked()
    label = visitor.texts["new_or_changed"]
    expect(visitor.banner.get_by_text(label)).to_have_count(0)

    visitor.accept_all()
    visitor.page.evaluate("ConsentServer.show()")

    visitor.expect_asked()
    expect(visitor.banner.get_by_text(label)).to_have_count(0)


def test_the_mark_goes_with_the_answer(visitor, site):
    visitor.open(site.page())
    visitor.accept_all()
    site.publish(services=[TRACKER, ANOTHER])
    visitor.reload()
    visitor.expect_asked()

    visitor.accept_all()
    visitor.way_back.click()

    expect(visitor.preferences.get_by_text(visitor.texts["new_or_changed"])).to_have_count(0)
