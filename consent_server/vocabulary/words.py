"""A record in plain words: in the language in which it was made, and in English.

The words of a bundle are those that were shown. What a bundle has no word for, because no banner
ever says it, is here: yes and no in each language, the rest in English.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from consent_server.sites import written_out
from consent_server.vocabulary.terms import how_it_ended, is_corrected
from consent_server.vocabulary.texts import Bundle, Record, language_of, services_of, texts_of

#: Language → yes, no.
YES_AND_NO = {
    "ar": ("نعم", "لا"),
    "bg": ("Да", "Не"),
    "cs": ("Ano", "Ne"),
    "da": ("Ja", "Nej"),
    "de": ("Ja", "Nein"),
    "el": ("Ναι", "Όχι"),
    "en": ("Yes", "No"),
    "es": ("Sí", "No"),
    "et": ("Jah", "Ei"),
    "fi": ("Kyllä", "Ei"),
    "fr": ("Oui", "Non"),
    "ga": ("Tá", "Níl"),
    "hr": ("Da", "Ne"),
    "hu": ("Igen", "Nem"),
    "is": ("Já", "Nei"),
    "it": ("Sì", "No"),
    "lt": ("Taip", "Ne"),
    "lv": ("Jā", "Nē"),
    "mt": ("Iva", "Le"),
    "nb": ("Ja", "Nei"),
    "nl": ("Ja", "Nee"),
    "pl": ("Tak", "Nie"),
    "pt": ("Sim", "Não"),
    "ro": ("Da", "Nu"),
    "sk": ("Áno", "Nie"),
    "sl": ("Da", "Ne"),
    "sv": ("Ja", "Nej"),
    "tr": ("Evet", "Hayır"),
    "uk": ("Так", "Ні"),
}

#: Event → what happened.
EVENTS = {
    "given": "The visitor allowed everything that was asked for.",
    "partial": "The visitor allowed a part of what was asked for.",
    "refused": "The visitor allowed nothing that was asked for.",
    "changed": "The visitor changed an earlier choice.",
    "renewed": "The visitor was asked again and chose as before.",
    "withdrawn": "The visitor took back what had been allowed.",
    "expired": "The time of an earlier choice was over. The service recorded that by itself.",
}
#: The same of a record that puts another one right, whatever its event.
CORRECTED = "The controller put right what an earlier record said; the visitor pressed nothing."
ACTIONS = {
    "accept_all": "“Accept all” was pressed",
    "reject_all": "“Reject all” was pressed",
    "save": "A choice for each purpose was saved",
    "withdraw": "“Withdraw consent” was pressed",
}
METHODS = {
    "banner": "on the banner, the first layer",
    "preferences": "in the second layer",
    "placeholder": "on a placeholder in the page",
    "api": "through the page's own controls",
    "gpc": "by the browser's Global Privacy Control signal, without a press",
    "import": "in another system, and imported from there",
}
#: State of an answer → in English.
STATES = {
    "required": "needs no consent",
    "granted": "allowed",
    "refused": "refused",
    "withdrawn": "withdrawn",
    "expired": "ended: its time was over",
}


@dataclass(frozen=True)
class Answer:
    """What was answered about one category or service."""

    id: str
    #: As shown.
    title: str
    #: A key of :data:`STATES`.
    state: str
    #: Yes or no in the language shown; None where nothing was asked.
    word: str | None
    #: RFC 3339; None where nothing was asked.
    decided_at: str | None
    expires_at: str | None
    #: The title in English, where that is known and another text.
    english: str | None = None
    text: str = ""
    services: tuple["Answer", ...] = ()

    @property
    def is_yes(self) -> bool:
        """Whether it may run because of the answer."""
        return self.state == "granted"


def answers(record: Record, bundle: Bundle, english: Mapping[str, str]) -> list[Answer]:
    """Return what was answered, category by category, in the order in which they were shown.

    :param english: texts of categories in English, where the bundle has none
    """
    shown = texts_of(record, bundle)
    known = {**english, **bundle["texts"].get("en", {})}
    return [_category(record, bundle, item, shown, known) for item in bundle["categories"]]


def happened(record: Record) -> str:
    """Return what the record is about, in an English sentence or two."""
    if is_corrected(record):
        return CORRECTED
    sentence = EVENTS[record["event"]]
    if record["action"] is None:
        return sentence
    place = METHODS[record["method"]]
    if (record["action"], record["method"]) == ("withdraw", "preferences"):
        # The link of the page that withdraws at once (``data-consent``) has no method of its own.
        place += ", or by a link of the page"
    return f"{sentence} {ACTIONS[record['action']]}, {place}."


def yes_or_no(language: str, is_yes: bool) -> str:
    """Return the word in a language, or in English where it has no other here."""
    return YES_AND_NO.get(language, YES_AND_NO["en"])[0 if is_yes else 1]


def moment(instant: str, language: str) -> str:
    """Return an instant as people of a language write it, in UTC.

    :param instant: RFC 3339
    """
    from babel.dates import format_datetime

    locale = written_out.locale_of("en_GB" if language == "en" else language)
    return format_datetime(datetime.fromisoformat(instant), "long", locale=locale)


def period(duration: str, language: str) -> str:
    """Return an ISO 8601 duration in words."""
    return written_out.period(language, duration)


def language_name(language: str) -> str:
    """Return the English name of a language."""
    return written_out.locale_of(language, sep="-").get_display_name("en") or language


def direction(language: str) -> str:
    """Return ``rtl`` or ``ltr``, for an attribute ``dir``."""
    order: str = written_out.locale_of(language, sep="-").text_direction
    return order


def _category(
    record: Record,
    bundle: Bundle,
    item: dict[str, Any],
    shown: Mapping[str, str],
    english: Mapping[str, str],
) -> Answer:
    id_ = item["id"]
    title = shown[f"category.{id_}.title"]
    also = english.get(f"category.{id_}.title")
    language = language_of(record, bundle)
    asked = None if item["required"] else record["categories"][id_]
    services = tuple(
        _answer(record, language, service["id"], service["name"], own)
        for service in services_of(bundle, id_)
        # A service that was not asked alone follows its category.
        for own in [asked and record["services"].get(service["id"], asked)]
    )
    whole = _answer(record, language, id_, title, asked)
    text = shown[f"category.{id_}.text"]
    return replace(whole, english=also if also != title else None, text=text, services=services)


def _answer(
    record: Record, language: str, id_: str, title: str, choice: dict[str, Any] | None
) -> Answer:
    if choice is None:
        return Answer(id_, title, "required", None, None, None)
    granted = choice["granted"]
    state = "granted" if granted else how_it_ended(record, choice) or "refused"
    times = choice["decided_at"], choice["expires_at"]
    return Answer(id_, title, state, yes_or_no(language, granted), *times)
