"""R034, R123: axe-core finds nothing, in every language and on everything that the widget shows."""

import pytest

from tests.browser.accessibility.widget_page import LANGUAGES

RIGHT_TO_LEFT = {"ar"}
SAID = """() => ['consent-server', 'consent-placeholder'].map((name) => {
    const {lang, dir} = document.querySelector(name);
    return [lang, dir];
})"""


@pytest.mark.criterion(
    *("1.3.1", "1.3.2", "1.4.3", "2.4.4", "2.4.6", "2.5.3", "2.5.8", "3.1.1", "3.1.2", "4.1.2")
)
@pytest.mark.one_row_in(8)
@pytest.mark.parametrize("language", LANGUAGES)
def test_all_that_is_shown_says_its_language_and_axe_finds_nothing_in_it(
    language, visitor, everywhere, axe
):
    visitor.see(everywhere, language)
    said = visitor.page.evaluate(SAID)
    banner_and_placeholder = axe()

    visitor.choose()
    visitor.open_lists()
    preferences = axe()

    visitor.button(visitor.preferences, "accept").click()
    visitor.expect_said("saved_status")
    status_and_way_back = axe()

    assert said == [[language, "rtl" if language in RIGHT_TO_LEFT else "ltr"]] * 2
    assert banner_and_placeholder == []
    assert preferences == []
    assert status_and_way_back == []


@pytest.mark.criterion("1.4.3")
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_records_and_the_question_before_they_go(
    scheme, language, visitor, everywhere, axe
):
    visitor.page.emulate_media(color_scheme=scheme)
    visitor.see(everywhere, language)
    visitor.answer("accept").click()
    visitor.expect_said("saved_status")

    visitor.way_back.click()
    visitor.button(visitor.preferences, "records").click()
    records = visitor.page.get_by_role("dialog", name=visitor.texts["records"], exact=True)
    records.locator(".card").wait_for()
    seen = axe()
    visitor.button(records, "erase").click()
    asked = axe()

    assert seen == []
    assert asked == []


@pytest.mark.criterion("1.4.3")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_layout_light_or_dark(scheme, visitor, each_layout, axe):
    visitor.page.emulate_media(color_scheme=scheme)
    visitor.see(each_layout)
    banner = axe()

    visitor.choose()
    visitor.open_lists()
    preferences = axe()
    visitor.button(visitor.preferences, "reject").click()
    visitor.expect_said("rejected_status")

    assert banner == []
    assert preferences == []
    assert axe() == []
