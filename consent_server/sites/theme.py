"""A site's looks: the rules after the widget's own style sheet, and whether people can read them.

The colours of a banner are decided here and nowhere else. Two of them come from the site, its
accent and its background; the others follow from these, so that every pair has enough contrast.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from consent_server.sites.document import Theme

#: Background of the banner in each colour scheme, unless the site has its own.
BACKGROUNDS = {"light": "#ffffff", "dark": "#1b1e23"}
#: Text on them; on a background of the site's own, the first one that can be read well.
INKS = ("#16191d", "#f2f4f6", "#000000", "#ffffff")
#: How much of the text's colour is in the lesser text; more where that is too little to read.
SOFTNESS = 0.7

#: Least contrast of text, and of links, against what is behind it (WCAG 2.2, 1.4.3).
TEXT_CONTRAST = 4.5
#: Least contrast of a control or a focus mark against what is beside it (WCAG 2.2, 1.4.11).
CONTROL_CONTRAST = 3.0
#: What the main text has wherever the background allows it.
GOOD_CONTRAST = 7.0

HEX = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class Palette:
    """The colours of one scheme, ``#rrggbb``."""

    ground: str
    ink: str
    #: Lesser text, and the outline of controls.
    soft: str
    #: Links, filled buttons, focus marks.
    accent: str
    #: Text on the accent.
    on: str

    def contrasts(self) -> Iterable[tuple[str, float, float]]:
        """Yield each pair of colours that meet: its name, its contrast, the least it may have."""
        for name in ("ink", "soft", "accent"):
            yield f"{name} on ground", contrast(getattr(self, name), self.ground), TEXT_CONTRAST
        yield "on on accent", contrast(self.on, self.accent), TEXT_CONTRAST
        yield "soft beside ground", contrast(self.soft, self.ground), CONTROL_CONTRAST


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours ``#rrggbb``, 1 to 21.

    :source: WCAG 2.2, relative luminance and contrast ratio
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_on(colour: str, choices: Iterable[str] = ("#ffffff", "#000000")) -> str:
    """Return the text colour that is easiest to read on a colour."""
    return max(choices, key=lambda text: contrast(text, colour))


def check_colour(colour: str) -> None:
    """Refuse what is not a colour.

    :raises ValueError: not ``#rrggbb``
    """
    if HEX.fullmatch(colour) is None:
        raise ValueError(
            'must be a colour such as "#2563eb": # and six lower-case digits, in quotes'
        )


def unreadable(theme: "Theme") -> Iterator[tuple[str, str]]:
    """Yield the tokens whose colours cannot be read, and why, with the nearest that can.

    The rest of a palette follows from them, so that it is right when they are.
    """
    for scheme, palette in palettes(theme).items():
        ratio = contrast(palette.accent, palette.ground)
        if ratio < TEXT_CONTRAST:
            better = readable(palette.accent, palette.ground)
            message = (
                f"has a contrast of {ratio:.1f}:1 with the background {palette.ground}, needs at "
                f"least {TEXT_CONTRAST}:1 (WCAG 1.4.3); {better} has enough"
            )
            yield "accent" if scheme == "light" else "accent_dark", message


def readable(colour: str, background: str, least: float = TEXT_CONTRAST) -> str:
    """Return the colour, with as little black or white mixed in as makes it readable."""
    for share in range(101):
        for target in ("#000000", "#ffffff"):
            mixed = mix(target, colour, share / 100)
            if contrast(mixed, background) >= least:
                return mixed
    raise AssertionError("black or white has at least 4.5:1 on any colour")


def mix(one: str, other: str, share: float) -> str:
    """Return a colour between two, with this share of the first."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(a * share + b * (1 - share)):02x}" for a, b in pairs)


def palettes(theme: "Theme") -> dict[str, Palette]:
    """Return the colours of a theme: of both schemes, or of the one that the site keeps to.

    What the site says of the light scheme is adapted to the dark one where it says nothing else.
    """
    found = {}
    for scheme in ("light", "dark") if theme.scheme == "auto" else (theme.scheme,):
        own = scheme == "dark"
        ground = (theme.background_dark if own else theme.background) or BACKGROUNDS[scheme]
        accent = (theme.accent_dark if own else theme.accent) or readable(theme.accent, ground)
        found[scheme] = _palette(ground, accent)
    return found


def style(theme: "Theme") -> str:
    """Return the rules of a theme, which follow the widget's style sheet."""
    found = palettes(theme)
    first, *others = found
    schemes = " ".join(found)
    rules = [f"*{{color-scheme:{schemes};{_properties(found[first])};--radius:{theme.radius}px}}"]
    rules += [
        f"@media(prefers-color-scheme:{scheme}){{*{{{_properties(found[scheme])}}}}}"
        for scheme in others
    ]
    edge, _, side = (theme.position or "bottom").partition("-")
    if edge == "top":
        rules.append("section{inset-block:0 auto}section.away{inset-block:auto 0}")
    if side == "end":
        rules.append("*{--inline:auto 0}")
    if theme.font == "system":
        rules.append(":host(consent-server){font-family:system-ui!important}")
    if theme.text_size != "medium":
        rules.append(f":host(consent-server){{font-size:{theme.text_size}!important}}")
    return "".join(rules)


def _palette(ground: str, accent: str) -> Palette:
    good = [ink for ink in INKS if contrast(ink, ground) >= GOOD_CONTRAST]
    ink = good[0] if good else text_on(ground)
    soft = next(
        mixed
        for share in range(round(100 * SOFTNESS), 101)
        if contrast(mixed := mix(ink, ground, share / 100), ground) >= TEXT_CONTRAST
    )
    return Palette(ground, ink, soft, accent, text_on(accent))


def _properties(palette: Palette) -> str:
    return ";".join(f"--{name}:{_short(colour)}" for name, colour in vars(palette).items())


def _short(colour: str) -> str:
    halves = colour[1::2], colour[2::2]
    return f"#{halves[0]}" if halves[0] == halves[1] else colour


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
