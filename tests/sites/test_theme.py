"""A theme: everybody can read it in every scheme, or it is refused with one that they can."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from consent_server.embed.shipped import artifacts
from consent_server.sites.document import DocumentInvalid, Theme, validate_document
from consent_server.sites.document.closed_lists import POSITIONS
from consent_server.sites.theme import contrast, mix, palettes, readable, style
from tests.sites.documents import a_value

COLOURS = some.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
#: Any theme that the schema takes, readable or not.
THEMES = some.fixed_dictionaries(
    {},
    optional={
        "scheme": some.sampled_from(["auto", "light", "dark"]),
        "accent": COLOURS,
        "accent_dark": COLOURS,
        "background": COLOURS,
        "background_dark": COLOURS,
        "radius": some.integers(0, 24),
        "font": some.sampled_from(["site", "system"]),
        "text_size": some.sampled_from(["medium", "large"]),
    },
)
PLACES = [(layout, place) for layout, places in POSITIONS.items() for place in places]


def _validated(theme: dict[str, Any]) -> Theme:
    return validate_document(a_value(theme=theme)).theme


def _refusals(theme: dict[str, Any]) -> list[dict[str, str]]:
    with pytest.raises(DocumentInvalid) as refusal:
        _validated(theme)
    return list(refusal.value.errors)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#777777", "#777777") == 1


@settings(max_examples=500, deadline=None)
@given(THEMES)
def test_a_theme_is_readable_everywhere_or_refused_with_one_that_is(tokens):
    try:
        theme = _validated(tokens)
    except DocumentInvalid as refusal:
        for error in refusal.errors:
            assert error["reason"] == "contrast_too_low"
            offered = re.findall("#[0-9a-f]{6}", error["message"])[-1]
            tokens = {**tokens, error["path"].removeprefix("theme."): offered}
        theme = _validated(tokens)
    for scheme, palette in palettes(theme).items():
        for name, ratio, least in palette.contrasts():
            assert ratio >= least, (scheme, name, ratio)


@given(COLOURS, COLOURS)
def test_the_colour_that_is_offered_is_readable_and_the_same_where_it_was(colour, background):
    found = readable(colour, background)

    assert contrast(found, background) >= 4.5
    assert (found == colour) == (contrast(colour, background) >= 4.5)


def test_a_mixed_colour_lies_between():
    assert mix("#ffffff", "#000000", 0) == "#000000"
    assert mix("#ffffff", "#000000", 0.5) == "#808080"


def test_the_usual_theme_says_its_colours_for_both_schemes():
    rules = style(Theme())

    assert rules.startswith("*{color-scheme:light dark;--ground:#fff;--ink:#16191d;")
    assert "--accent:#2563eb;--on:#fff;--radius:12px}" in rules
    assert "@media(prefers-color-scheme:dark){*{--ground:#1b1e23;" in rules


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_site_can_keep_to_one_scheme(scheme):
    rules = style(_validated({"scheme": scheme}))

    assert rules.startswith(f"*{{color-scheme:{scheme};")
    assert "@media" not in rules


def test_a_dark_accent_of_the_sites_own_is_used_as_it_is_and_refused_when_too_dark():
    assert "--accent:#ffb454" in style(_validated({"accent_dark": "#ffb454"}))

    (error,) = _refusals({"accent_dark": "#333333"})
    assert error["path"] == "theme.accent_dark"
    assert "#1b1e23" in error["message"]


def test_a_background_is_asked_of_the_accent_even_when_only_one_of_them_is_given():
    (error,) = _refusals({"background": "#2563eb"})

    assert (error["path"], error["reason"]) == ("theme.accent", "contrast_too_low")


@pytest.mark.parametrize("colour", ["#FFF", "#2563EB", "2563eb", "red", "#2563eb;", "#2563e٣"])
@pytest.mark.parametrize("key", ["accent", "accent_dark", "background", "background_dark"])
def test_only_six_lower_case_hexadecimal_digits_are_a_colour(key, colour):
    (error,) = _refusals({key: colour})

    assert "such as" in error["message"]


@pytest.mark.parametrize(("layout", "place"), PLACES)
def test_a_layout_has_places_of_its_own(layout, place):
    assert _validated({"layout": layout, "position": place}).position == place

    for other in POSITIONS.keys() - {layout}:
        (error,) = _refusals({"layout": other, "position": place})
        assert (error["path"], error["reason"]) == ("theme.position", "position_unknown")


def test_the_rules_of_a_theme_are_part_of_the_build_and_come_last():
    document = validate_document(a_value(theme={"layout": "box", "text_size": "large"}))

    build = artifacts().widget.build_of(document).decode()

    assert style(document.theme).replace('"', '\\"') in build
    assert "font-size:large!important}" in build
