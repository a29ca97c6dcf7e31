"""The accent: seen by everybody, in both colour schemes, or refused."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from consent_server.sites.document import Theme
from consent_server.sites.theme import BACKGROUNDS, check_accent, contrast, text_on
from tests.sites.documents import ROOT

COLOURS = some.from_regex(r"#[0-9a-f]{6}", fullmatch=True)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#777777", "#777777") == 1


def test_the_default_accent_can_be_seen():
    check_accent(Theme().accent)


@given(COLOURS)
def test_an_accent_is_readable_everywhere_or_refused_with_one_that_is(accent):
    try:
        check_accent(accent)
    except ValueError as refusal:
        offered = re.findall("#[0-9a-f]{6}", str(refusal))[-1]
        check_accent(offered)
    else:
        assert all(contrast(accent, background) >= 3 for background in BACKGROUNDS.values())
        assert contrast(accent, text_on(accent)) >= 4.5


@pytest.mark.parametrize("accent", ["#FFF", "#2563EB", "2563eb", "red", "#2563eb;", "#2563e٣"])
def test_only_six_lower_case_hexadecimal_digits_are_a_colour(accent):
    with pytest.raises(ValueError, match="such as"):
        check_accent(accent)


def test_the_backgrounds_are_those_of_the_widget():
    source = (ROOT / "widget/src/ui/theme.ts").read_text(encoding="utf-8")

    assert dict(re.findall(r"(light|dark): '(#[0-9a-f]{6})'", source)) == BACKGROUNDS
