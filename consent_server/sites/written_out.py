"""Periods, countries and counts in each language, as visitors read them.

They are written out when a site is published, so that the hash of a bundle covers every word that
is shown and no browser's knowledge of a language changes what somebody was told.

:source: Unicode CLDR, through Babel; Maltese units, which it lacks, are our own
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from consent_server.sites.durations import LIFETIME

#: The groups of :data:`LIFETIME`, as CLDR calls them.
UNITS = ("year", "month", "week", "day", "hour", "minute", "second")

#: Of the languages that ship.
RIGHT_TO_LEFT = frozenset({"ar"})

#: Unit → plural form → pattern; ``one``, ``two`` and ``few`` have words of their own in Maltese.
_MALTESE = {
    "year": ("sena", "sentejn", "snin"),
    "month": ("xahar", "xahrejn", "xhur"),
    "week": ("ġimgħa", "ġimagħtejn", "ġimgħat"),
    "day": ("jum", "jumejn", "ijiem"),
    "hour": ("siegħa", "sagħtejn", "sigħat"),
    "minute": ("minuta", "żewġ minuti", "minuti"),
    "second": ("sekonda", "żewġ sekondi", "sekondi"),
}


def period(language: str, duration: str) -> str:
    """Return a duration in words.

    :param duration: ISO 8601 in whole units, ``P13M`` or ``P1Y6M``
    :returns: "13 months", "1 year 6 months"
    :raises ValueError: not such a duration
    """
    found = LIFETIME.fullmatch(duration)
    if found is None:
        raise ValueError(f"{duration!r} is not an ISO 8601 duration of whole units")
    numbers = zip(found.groups(), UNITS, strict=True)
    return " ".join(_measure(language, int(number), unit) for number, unit in numbers if number)


def country(language: str, code: str) -> str:
    """Return the name of a country; its code where the language has none for it.

    :param code: ISO 3166-1, two capital letters
    """
    return str(locale_of(language).territories.get(code, code))


def counted(language: str, slot: str, texts: Mapping[str, str], number: int) -> str:
    """Return a text that counts something, in the plural form that the number needs.

    :param texts: ``<slot>.one``, ``<slot>.other``, … with ``{count}``; ``other`` stands in
    """
    form = locale_of(language).plural_form(number)
    text = texts.get(f"{slot}.{form}") or texts[f"{slot}.other"]
    return text.replace("{count}", str(number))


def locale_of(language: str, sep: str = "_") -> Any:
    """Return what Unicode CLDR knows of a language.

    Babel is loaded here: a process that answers pages writes nothing out, and it is 1 MB of each.

    :param sep: what stands between its parts
    :raises babel.UnknownLocaleError: it knows nothing of it
    """
    from babel import Locale

    return Locale.parse(language, sep=sep)


def listed(language: str, parts: Sequence[str]) -> str:
    """Return names in a row, with the comma of the language."""
    return ("، " if language in RIGHT_TO_LEFT else ", ").join(parts)


def naming(language: str, text: str, slot: str, parts: Sequence[str]) -> str:
    """Return a text with names listed in place of ``{slot}``.

    Names in another script do not turn the sentence around them (Unicode isolates).
    """
    names = listed(language, parts)
    isolated = f"\u2068{names}\u2069" if language in RIGHT_TO_LEFT else names
    return text.replace(f"{{{slot}}}", isolated)


def unlisted(text: str) -> list[str]:
    """Return what was :func:`listed`, in an order of its own."""
    return sorted(re.split("[,،] ", text))


def _measure(language: str, number: int, unit: str) -> str:
    if language != "mt":
        from babel.units import format_unit

        return format_unit(number, f"duration-{unit}", length="long", locale=language)
    one, two, few = _MALTESE[unit]
    form = locale_of(language).plural_form(number)
    if form == "two":
        return two
    return {"few": f"{number} {few}", "many": f"{number}-il {one}"}.get(form, f"{number} {one}")
