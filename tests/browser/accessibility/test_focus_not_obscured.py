"""R125: nothing of ours ever covers the whole of what the page has in focus."""

import pytest

from tests.browser.accessibility.widget_page import SIZES

LINKS = 100
#: One link on every other line, and more text below the last one.
BODY = "<br><br>".join(f'<a href="#{number}">Link {number}</a>' for number in range(LINKS))
BODY += '<p style="height: 100vh">The end</p>'


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
