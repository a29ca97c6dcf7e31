"""R034: Arabic is the mirror of English."""

import pytest

from tests.browser.accessibility.widget_page import SIZES


@pytest.mark.one_row_in(2)
@pytest.mark.criterion("1.3.2")
@pytest.mark.parametrize("layer", ["banner", "preferences"])
def test_arabic_is_the_mirror_of_english(layer, visitor, each_layout):
    orders = {}
    for language in ("en", "ar"):
        visitor.see(each_layout, language)
        if layer == "preferences":
            visitor.choose()
        for size in SIZES:
            visitor.resize(size)
            orders[language, size] = _order(visitor, getattr(visitor, layer))
        visitor.resize((1000, 700))

    for size in SIZES:
        assert orders["ar", size] == [-sign for sign in orders["en", size]]
    assert any(orders["en", size] for size in SIZES)


def _order(visitor, layer) -> list[int]:
    """Return which of the two answers is further left, and from where text runs; 0 below."""
    one, other = (visitor.button(layer, slot).bounding_box() for slot in ("reject", "accept"))
    direction = layer.evaluate("node => getComputedStyle(node).direction")
    return [_sign(other["x"] - one["x"]), 1 if direction == "ltr" else -1]


def _sign(number: float) -> int:
    return (number > 1) - (number < -1)
