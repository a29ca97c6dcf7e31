"""R013, R014, R016: accept and reject are the same button with another word."""

import pytest
from playwright.sync_api import expect

ANSWERS = ("accept", "reject")
LANGUAGES = ("en", "fr")
THEMES = {
    "bar": {"layout": "bar", "accent": "#2563eb", "radius": 8},
    "box": {"layout": "box", "accent": "#c2410c", "radius": 24},
}
#: Everything that could make one of them stand out.
PROPERTIES = [
    *("display", "visibility", "opacity", "color", "background-color", "background-image"),
    *("border-top-width", "border-top-style", "border-top-color", "border-top-left-radius"),
    *("box-shadow", "padding-top", "padding-left", "padding-right", "padding-bottom", "margin-top"),
    *("font-family", "font-size", "font-weight", "font-style", "line-height", "letter-spacing"),
    *("text-decoration-line", "text-transform", "text-align", "cursor", "filter", "transform"),
    *("animation", "transition-duration", "outline-style", "outline-width", "pointer-events"),
]
SIZES = [(320, 256), (360, 640), (768, 1024), (1920, 1080)]


def _looks(button):
    return button.evaluate(
        "(node, names) => names.map((name) => getComputedStyle(node).getPropertyValue(name))",
        PROPERTIES,
    )


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_answers_are_two_buttons_of_one_parent_with_the_same_looks(
    language, theme, scheme, visitor, a_site
):
    visitor.speaks(language)
    visitor.page.emulate_media(color_scheme=scheme)
    visitor.open(a_site(theme=THEMES[theme]).page(language=language))
    accept, reject = (visitor.answer(name) for name in ANSWERS)

    assert accept.evaluate("node => node.localName") == "button"
    assert reject.evaluate("node => node.localName") == "button"
    assert reject.evaluate("node => node.nextElementSibling.textContent") == accept.inner_text()
    assert _looks(accept) == _looks(reject)
    one, other = accept.bounding_box(), reject.bounding_box()
    assert one["width"] == pytest.approx(other["width"], abs=1)
    assert one["height"] == pytest.approx(other["height"], abs=1)
    assert min(one["width"], one["height"]) >= 24


@pytest.mark.parametrize("state", ["hover", "focus"])
def test_the_answers_look_the_same_under_the_pointer_and_in_focus(state, visitor, site):
    visitor.open(site.page())
    looks = []

    for name in ANSWERS:
        button = visitor.answer(name)
        button.hover() if state == "hover" else button.focus()
        looks.append(_looks(button))

    assert looks[0] == looks[1]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_both_answers_are_in_view_without_scrolling_at_every_size(language, theme, visitor, a_site):
    visitor.speaks(language)
    visitor.open(a_site(theme=THEMES[theme]).page(language=language))

    for width, height in SIZES:
        visitor.page.set_viewport_size({"width": width, "height": height})
        for name in ANSWERS:
            expect(visitor.answer(name)).to_be_in_viewport(ratio=1)


def test_hostile_rules_of_the_page_change_nothing(visitor, site):
    hostile = """
        button { font-size: 4px !important; opacity: .1 !important; display: none !important }
        consent-server, consent-server * { display: none !important; color: transparent !important }
    """
    visitor.open(site.page(f"<style>{hostile}</style>"))

    visitor.expect_asked()

    accept, reject = (visitor.answer(name) for name in ANSWERS)
    assert _looks(accept) == _looks(reject)
    assert accept.evaluate("node => getComputedStyle(node).opacity") == "1"


def test_the_second_layer_repeats_both_answers_with_the_same_looks(visitor, site):
    visitor.open(site.page())
    visitor.choose()

    accept, reject = (visitor.button(visitor.preferences, name) for name in ANSWERS)

    assert _looks(accept) == _looks(reject)
    assert accept.bounding_box()["width"] == pytest.approx(reject.bounding_box()["width"], abs=1)
