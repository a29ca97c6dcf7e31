"""/docs, which ``openapi.json`` is shown as, on a phone."""

import pytest


@pytest.mark.parametrize("width", [320, 390])
def test_no_word_of_it_is_broken_and_nothing_is_off_the_screen(site, new_visitor, width):
    page = new_visitor(viewport={"width": width, "height": 800}).page
    page.goto(f"{site.service.origin}/docs")

    # On how many lines a cell of one word is.
    lines = page.locator("td:nth-child(2)").evaluate_all(
        """cells => cells.filter(cell => /^[a-z]+$/.test(cell.innerText)).map(cell => {
            const range = document.createRange();
            range.selectNodeContents(cell);
            return new Set([...range.getClientRects()].map(rect => rect.top)).size;
        })"""
    )

    assert lines
    assert set(lines) == {1}
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
