"""Counts, periods and countries in each language's own words."""

import pytest

from consent_server.embed.shipped import artifacts
from consent_server.sites import written_out
from consent_server.sites.document import closed_lists


@pytest.mark.parametrize(
    ("language", "duration", "words"),
    [
        ("en", "P13M", "13 months"),
        ("en", "P1Y6M", "1 year 6 months"),
        ("en", "PT30M", "30 minutes"),
        ("fr", "P2W", "2 semaines"),
        ("pl", "P2Y", "2 lata"),
        ("pl", "P5Y", "5 lat"),
        ("ga", "P13M", "13 mí"),
        ("mt", "P12M", "12-il xahar"),
        ("mt", "P1D", "1 jum"),
        ("mt", "P2Y", "sentejn"),
        ("mt", "P3M", "3 xhur"),
        ("mt", "P24M", "24 xahar"),
        ("ar", "P2Y", "سنتان"),
    ],
)
def test_a_period_is_said_as_people_say_it(language, duration, words):
    assert written_out.period(language, duration).replace("\xa0", " ") == words


@pytest.mark.parametrize("language", closed_lists.LANGUAGES)
@pytest.mark.parametrize("unit", ["Y", "M", "W", "D"])
def test_no_language_falls_back_to_letters_or_to_english(language, unit):
    words = written_out.period(language, f"P13{unit}")

    assert len(words.strip("0123456789 ")) > 1
    assert language == "en" or words != written_out.period("en", f"P13{unit}")


@pytest.mark.parametrize("duration", ["", "P", "P1.5Y", "13 months", "P-1M"])
def test_what_is_no_duration_is_not_written_out(duration):
    with pytest.raises(ValueError, match="ISO 8601"):
        written_out.period("en", duration)


@pytest.mark.parametrize(
    ("language", "code", "name"),
    [
        ("en", "US", "United States"),
        ("fr", "EU", "Union européenne"),
        ("ga", "FR", "an Fhrainc"),
        ("mt", "FR", "Franza"),
        ("en", "QQ", "QQ"),
    ],
)
def test_a_country_has_its_name_in_the_language(language, code, name):
    assert written_out.country(language, code) == name


@pytest.mark.parametrize("language", closed_lists.LANGUAGES)
@pytest.mark.parametrize("number", [*range(1, 13), 21, 101, 111])
def test_every_count_finds_its_form_and_names_the_number(language, number):
    words = written_out.counted(language, "services", artifacts().texts[language], number)

    assert str(number) in words or number <= 2
    assert "{" not in words


def test_a_language_without_the_form_uses_the_general_one():
    texts = {"services.other": "{count} services"}

    assert written_out.counted("pl", "services", texts, 2) == "2 services"
