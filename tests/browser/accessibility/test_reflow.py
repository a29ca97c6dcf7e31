"""R013, R014, R016, R127: both answers in view at every size, nothing sideways, nothing cut off."""

import pytest

from tests.browser.accessibility.widget_page import LANGUAGES, SIZES

FLAWS = ("sideways", "clipped", "overlapping")
#: Links have the room around them instead, which axe measures.
CONTROLS = "button, summary, [role=switch]"


@pytest.mark.criterion("1.3.4", "1.4.4", "1.4.10", "1.4.12", "2.5.8", "3.2.4")
@pytest.mark.one_row_in(12)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_banner_fits_every_window_with_both_answers_alike(language, visitor, each_layout):
    """400 % zoom of 1280 × 1024 is 320 × 256; each size also with the text spacing of users."""
    visitor.see(each_layout, language)
    wrong = {}

    for size in SIZES:
        visitor.resize(size)
        wrong[size] = (
            visitor.wrong_answers() + visitor.wrong(*FLAWS) + visitor.measure("small", 24, CONTROLS)
        )
    visitor.measure("space")
    for size in SIZES[1:]:
        visitor.resize(size)
        wrong["spaced", *size] = visitor.wrong_answers() + visitor.wrong(*FLAWS)

    assert {size: flaws for size, flaws in wrong.items() if flaws} == {}


@pytest.mark.criterion("1.4.4", "1.4.10", "1.4.12", "2.5.8")
@pytest.mark.one_row_in(12)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_preferences_fit_every_window(language, visitor, everywhere):
    visitor.see(everywhere, language)
    visitor.choose()
    visitor.open_lists()
    wrong = {}

    for size in SIZES:
        visitor.resize(size)
        wrong[size] = (
            visitor.wrong_answers() + visitor.wrong(*FLAWS) + visitor.measure("small", 24, CONTROLS)
        )
    visitor.measure("space")
    visitor.resize(SIZES[1])
    wrong["spaced"] = visitor.wrong_answers() + visitor.wrong(*FLAWS)

    assert {size: flaws for size, flaws in wrong.items() if flaws} == {}


@pytest.mark.criterion("1.4.4")
@pytest.mark.one_row_in(12)
@pytest.mark.parametrize("language", LANGUAGES)
def test_text_grows_to_twice_its_size_without_loss(language, visitor, everywhere):
    """The reader's own size of text, as set in the browser: the page stays as it is."""
    session = visitor.page.context.new_cdp_session(visitor.page)
    session.send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
    visitor.see(everywhere, language)
    wrong = {}

    for size in [(1280, 1024), (768, 1024)]:
        visitor.resize(size)
        wrong["banner", *size] = visitor.wrong_answers() + visitor.wrong(*FLAWS)
    assert visitor.answer("accept").evaluate("node => getComputedStyle(node).fontSize") == "32px"
    visitor.choose()
    wrong["preferences"] = visitor.wrong_answers() + visitor.wrong(*FLAWS)

    assert {size: flaws for size, flaws in wrong.items() if flaws} == {}


@pytest.mark.criterion("2.5.8")
def test_what_decides_is_as_large_as_a_finger(visitor, each_layout):
    """44 pixels, where the window is not as low as at 400 % zoom."""
    visitor.see(each_layout)
    small = {}

    for size in SIZES[1:]:
        visitor.resize(size)
        small["banner", *size] = visitor.measure("small", 44, "button")
    visitor.choose()
    for size in SIZES[1:]:
        visitor.resize(size)
        small["preferences", *size] = visitor.measure("small", 44, "button, [role=switch]")

    assert {where: found for where, found in small.items() if found} == {}
