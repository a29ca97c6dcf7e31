"""The accent colour of a banner: whether people can read it wherever it is shown."""

import re

#: Backgrounds of the banner in the two colour schemes; the widget's style sheet uses the same.
BACKGROUNDS = {"light": "#ffffff", "dark": "#1b1e23"}

#: Least contrast of a control against what is behind it (WCAG 2.2, 1.4.11).
CONTROL_CONTRAST = 3.0
#: Least contrast of text against its background (WCAG 2.2, 1.4.3).
TEXT_CONTRAST = 4.5

HEX = re.compile(r"#[0-9a-f]{6}")


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours ``#rrggbb``, 1 to 21.

    :source: WCAG 2.2, relative luminance and contrast ratio
    """
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_on(accent: str) -> str:
    """Return the text colour that is easier to read on an accent: black or white."""
    return max(("#ffffff", "#000000"), key=lambda text: contrast(text, accent))


def check_accent(accent: str) -> None:
    """Refuse an accent that somebody could not see in one of the colour schemes.

    :raises ValueError: not ``#rrggbb``, or too little contrast; the message offers the nearest
        colour that has enough
    """
    if HEX.fullmatch(accent) is None:
        raise ValueError(
            'must be a colour such as "#2563eb": # and six lower-case digits, in quotes'
        )
    if _is_readable(accent):
        return
    scheme = min(BACKGROUNDS, key=lambda name: contrast(accent, BACKGROUNDS[name]))
    ratio = contrast(accent, BACKGROUNDS[scheme])
    raise ValueError(
        f"has a contrast of {ratio:.1f}:1 with the {scheme} background, needs at least "
        f"{CONTROL_CONTRAST:.0f}:1 (WCAG 1.4.11); {_nearest_readable(accent)} has enough"
    )


def _is_readable(accent: str) -> bool:
    return contrast(accent, text_on(accent)) >= TEXT_CONTRAST and all(
        contrast(accent, background) >= CONTROL_CONTRAST for background in BACKGROUNDS.values()
    )


def _nearest_readable(accent: str) -> str:
    """Mix in as little black or white as makes the accent readable."""
    channels = _channels(accent)
    for share in range(1, 101):
        for target in (0, 255):
            mixed = [round(value + (target - value) * share / 100) for value in channels]
            candidate = "#" + "".join(f"{value:02x}" for value in mixed)
            if _is_readable(candidate):
                return candidate
    raise AssertionError("some grey is readable on both backgrounds")


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    red, green, blue = (
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
