"""R016, R032: in a low window the first layer's text scrolls; none of it is cut off."""

import pytest

#: Wide and low: a laptop's window with tools open, a window beside another one.
SIZES = [(1280, 500), (1000, 600), (1280, 720)]
LANGUAGES = {"default": "en", "available": ["en", "el"]}
EDGES = """
    (section) => {
        const text = section.querySelector('.text');
        const [outer, inner] = [section, text].map((node) => node.getBoundingClientRect());
        text.scrollTop = 0;
        const title = text.querySelector('h2').getBoundingClientRect();
        text.scrollTop = text.scrollHeight;
        const last = text.lastElementChild.getBoundingClientRect();
        return [outer.top, inner.top, title.top, last.bottom, inner.bottom, outer.bottom];
    }
"""


@pytest.mark.parametrize("layout", ["bar", "box", "centre"])
@pytest.mark.parametrize("language", ["en", "el"])
def test_title_and_last_line_can_be_brought_into_view(language, layout, visitor, a_site):
    visitor.speaks(language)
    site = a_site(languages=LANGUAGES, theme={"layout": layout})
    visitor.open(site.page(language=language))

    for width, height in SIZES:
        visitor.page.set_viewport_size({"width": width, "height": height})
        edges = visitor.banner.evaluate(EDGES)
        assert edges == sorted(edges), (width, height)
