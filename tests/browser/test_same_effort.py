"""R017, R021: by keyboard, refusing never costs more than accepting."""

import pytest
from playwright.sync_api import expect

from tests.browser.service import OPTIONAL

NAME_IN_FOCUS = """() => {
    let node = document.activeElement;
    while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
    return node?.textContent;
}"""


def _presses_to(visitor, slot):
    """Press Tab until the answer has the focus; return how often."""
    for presses in range(1, 40):
        visitor.page.keyboard.press("Tab")
        if visitor.page.evaluate(NAME_IN_FOCUS) == visitor.texts[slot]:
            return presses
    raise AssertionError(f"{slot} is not reached")


@pytest.mark.parametrize("layer", ["banner", "preferences"])
def test_refusing_costs_no_more_keys_than_accepting(layer, new_visitor, site):
    presses = {}
    for slot in ("accept", "reject"):
        visitor = new_visitor()
        visitor.open(site.page('<a href="/elsewhere">A link of the page</a>'))
        visitor.expect_asked()
        if layer == "preferences":
            visitor.choose()
        presses[slot] = _presses_to(visitor, slot)

        with visitor.page.expect_response("**/consents"):
            visitor.page.keyboard.press("Enter")

        granted = dict.fromkeys(OPTIONAL, slot == "accept")
        visitor.page.wait_for_function("() => ConsentServer.getConsent()")
        assert visitor.state()["categories"] == granted

    assert presses["reject"] <= presses["accept"] <= presses["reject"] + 1


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("layer", ["banner", "preferences"])
def test_what_the_keyboard_reaches_first_is_first_to_the_eye(layer, direction, visitor, site):
    visitor.open(site.page())
    visitor.page.evaluate(
        "direction => { document.querySelector('consent-server').dir = direction }", direction
    )
    if layer == "preferences":
        visitor.choose()
    within = getattr(visitor, layer)

    for width in (320, 1280):
        visitor.page.set_viewport_size({"width": width, "height": 800})
        first, second = (visitor.button(within, slot) for slot in ("reject", "accept"))
        expect(first).to_be_visible()
        one, other = first.bounding_box(), second.bounding_box()
        assert one["y"] == pytest.approx(other["y"], abs=1)
        assert (one["x"] < other["x"]) == (direction == "ltr")
