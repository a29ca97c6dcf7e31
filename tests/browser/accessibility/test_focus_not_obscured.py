"""R125: nothing of ours ever covers the whole of what the page has in focus."""

import pytest

from consent_server.sites.document.closed_lists import LAYOUTS
from tests.browser.accessibility.widget_page import SIZES

#: Windows in which the banner leaves next to nothing of the page.
SMALL = [(320, 256), (256, 320)]
LINKS = 100
#: One link on every other line, and more text below the last one.
BODY = "<br><br>".join(f'<a href="#{number}">Link {number}</a>' for number in range(LINKS))
BODY += '<p style="height: 100vh">The end</p>'
#: A page that cannot scroll, with one link that a test moves, and one out of sight.
SHORT = """<style>
    html { overflow: hidden } body { margin: 0 }
    a { position: absolute; left: 20px; font: 16px/18px serif }
</style><a href="#moved">Moved</a><a href="#away" style="top: -99px">Away</a>"""
MOVE = """top => {
    const [link, away] = document.querySelectorAll('a');
    away.focus({preventScroll: true});
    link.style.top = `${top}px`;
    link.focus({preventScroll: true});
}"""


def _covered(visitor):
    """Walk through all links by Tab; return those of which nothing could be seen."""
    covered, reached = [], set()
    for _ in range(LINKS + 6):
        visitor.page.keyboard.press("Tab")
        name, part, is_covered = visitor.measure("coveredFocus")
        if part == "page":
            reached.add(name)
            if is_covered:
                covered.append(name)
    assert len(reached) == LINKS
    return covered


@pytest.mark.one_row_in(6)
@pytest.mark.criterion("2.4.11")
@pytest.mark.parametrize("size", SIZES[1:], ids=lambda size: "x".join(map(str, size)))
def test_the_banner_covers_no_link_of_a_long_page_while_it_has_the_focus(
    size, visitor, each_layout
):
    visitor.resize(size)
    visitor.see(each_layout, body=BODY)

    assert _covered(visitor) == []


@pytest.mark.criterion("2.4.11")
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_the_way_back_covers_no_link_of_a_long_page_while_it_has_the_focus(
    size, visitor, everywhere
):
    visitor.resize(size)
    visitor.see(everywhere, body=BODY)
    visitor.reject_all()

    assert _covered(visitor) == []


def _covered_places(visitor, height):
    """Put the link in the focus at every height of the window; return where none of it was seen."""
    covered = []
    for top in range(0, height - 18, max(6, height // 40)):
        visitor.page.evaluate(MOVE, top)
        if visitor.measure("isCovered"):
            covered.append(top)
    return covered


@pytest.mark.criterion("2.4.11")
@pytest.mark.parametrize("size", SMALL, ids=lambda size: "x".join(map(str, size)))
def test_the_banner_covers_no_link_of_a_long_page_in_a_small_window(size, visitor, everywhere):
    """Every layout is the same sheet there."""
    visitor.resize(size)
    visitor.see(everywhere, body=BODY)

    assert _covered(visitor) == []


@pytest.mark.one_row_in(6)
@pytest.mark.criterion("2.4.11")
@pytest.mark.parametrize("language", ["en", "hu"])
@pytest.mark.parametrize(
    ("size", "layout"),
    [*((size, "bar") for size in [*SMALL, SIZES[1]]), *((SIZES[2], layout) for layout in LAYOUTS)],
)
def test_the_banner_covers_nothing_in_focus_on_a_page_that_cannot_scroll(
    size, layout, language, visitor, in_every_language
):
    """Hungarian has the longest words on the buttons. Both answers stay in view all the while."""
    visitor.resize(size)
    visitor.see(in_every_language(layout), language, body=SHORT)

    assert _covered_places(visitor, size[1]) == []

    for top in (0, size[1] // 2 - 9, size[1] - 18):
        visitor.page.evaluate(MOVE, top)
        assert visitor.wrong_answers() == []
        assert visitor.measure("small", 24, "button") == []


def test_a_banner_that_stays_where_it_is_would_be_noticed(visitor, everywhere):
    visitor.resize(SMALL[0])
    overlay = '<div style="position: fixed; inset: 8px; background: white">A banner</div>'
    visitor.page.goto(everywhere.page(SHORT + overlay, head=""))

    assert len(_covered_places(visitor, SMALL[0][1])) > 30


def test_the_text_is_there_again_when_the_keyboard_comes_back_to_the_banner(visitor, everywhere):
    visitor.resize((360, 640))
    visitor.see(everywhere, body=SHORT)
    text = visitor.banner.locator(".text")
    before = text.bounding_box()["height"]
    visitor.page.evaluate(MOVE, 311)
    assert text.bounding_box()["height"] < before

    visitor.page.keyboard.press("Shift+Tab")

    assert visitor.focus()[1] == "banner"
    assert text.bounding_box()["height"] == before


def test_what_is_larger_than_the_window_is_not_scrolled_away_when_it_gets_the_focus(
    visitor, everywhere
):
    """As many sites focus their main part after each change of view."""
    visitor.resize((360, 640))
    visitor.see(everywhere, body=f'<main tabindex="-1">{BODY}</main>')

    visitor.page.evaluate("document.querySelector('main').focus({preventScroll: true})")

    assert visitor.page.evaluate("scrollY") == 0
    assert visitor.banner.bounding_box()["y"] > 100
