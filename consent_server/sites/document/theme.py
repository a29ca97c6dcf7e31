"""The looks of a banner, as far as a site can choose them; both answers share them."""

from collections.abc import Iterator, Mapping
from typing import Any

from consent_server.sites import theme
from consent_server.sites.document import closed_lists
from consent_server.sites.document.fields import Checked, OneOf, WholeNumber
from consent_server.sites.document.findings import Finding
from consent_server.sites.document.model import Theme
from consent_server.sites.document.objects import Strict


def colour(about: str, **options: Any) -> Checked:
    """Make a field for a colour."""
    return Checked(theme.check_colour, theme.HEX.pattern, about=about, **options)


class ThemeSchema(Strict):
    """The looks."""

    layout = OneOf(
        closed_lists.LAYOUTS,
        load_default=Theme.layout,
        about="Along an edge, in a corner or in the middle.",
    )
    position = OneOf(
        tuple(place for places in closed_lists.POSITIONS.values() for place in places),
        about="Edge of a bar or corner of a box; at the foot when left out.",
    )
    scheme = OneOf(
        closed_lists.SCHEMES,
        load_default=Theme.scheme,
        about="Light, dark, or as the visitor's device has it.",
    )
    accent = colour("Colour of the answers and of links.", load_default=Theme.accent)
    accent_dark = colour("The same in the dark scheme; made from accent when left out.")
    background = colour("Background; white when left out.")
    background_dark = colour("Background in the dark scheme; nearly black when left out.")
    radius = WholeNumber(0, 24, load_default=Theme.radius, about="Corner radius in CSS pixels.")
    font = OneOf(
        closed_lists.FONTS,
        load_default=Theme.font,
        about="The font of the page, or that of the visitor's device.",
    )
    text_size = OneOf(
        closed_lists.TEXT_SIZES,
        load_default=Theme.text_size,
        about="Size of the text, beside what the visitor has set.",
    )


def broken_theme_rules(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what cannot stand beside each other in a theme: places, and colours."""
    tokens = data.get("theme", {})
    layout, position = tokens.get("layout"), tokens.get("position")
    places = closed_lists.POSITIONS.get(layout, ())
    if layout and position and position not in places:
        wanted = f"one of {', '.join(places)}" if places else "no position"
        yield Finding("theme.position", f"the layout {layout} has {wanted}", "position_unknown")
    for key, message in theme.unreadable(Theme(**tokens)):
        yield Finding(f"theme.{key}", message, "contrast_too_low")
