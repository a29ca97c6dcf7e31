"""The texts that ship: complete, plain, in each language's manner, equal in their answers."""

import json
import re
import unicodedata

import pytest

from consent_server.embed.shipped import TEXTS, artifacts
from consent_server.sites.bundle import build_bundle
from consent_server.sites.document.closed_lists import LANGUAGES
from consent_server.sites.document.lint import BANNED_PHRASES
from consent_server.sites.document.texts import LONGEST
from tests.sites.documents import BUILD, a_document

#: Plural forms of whole and broken numbers. Source: Unicode CLDR 46, supplemental/plurals.
PLURALS = {
    "ar": "zero one two few many other",
    "bg": "one other",
    "cs": "one few many other",
    "da": "one other",
    "de": "one other",
    "el": "one other",
    "en": "one other",
    "es": "one many other",
    "et": "one other",
    "fi": "one other",
    "fr": "one many other",
    "ga": "one two few many other",
    "hr": "one few other",
    "hu": "one other",
    "is": "one other",
    "it": "one many other",
    "lt": "one few many other",
    "lv": "zero one other",
    "mt": "one two few many other",
    "nb": "one other",
    "nl": "one other",
    "pl": "one few many other",
    "pt": "one many other",
    "ro": "one few other",
    "sk": "one few many other",
    "sl": "one two few other",
    "sv": "one other",
    "tr": "one other",
    "uk": "one few many other",
}

#: Accept, reject, withdraw. What these buttons say decides whether a consent is free: each change
#: is read by a speaker of the language, and then made here too.
LABELS = {
    "ar": ("قبول الكل", "رفض الكل", "سحب الموافقة"),
    "bg": ("Приемане на всички", "Отказ на всички", "Оттегляне на съгласието"),
    "cs": ("Přijmout vše", "Odmítnout vše", "Odvolat souhlas"),
    "da": ("Accepter alle", "Afvis alle", "Træk samtykke tilbage"),
    "de": ("Alle akzeptieren", "Alle ablehnen", "Einwilligung widerrufen"),
    "el": ("Αποδοχή όλων", "Απόρριψη όλων", "Ανάκληση συγκατάθεσης"),
    "en": ("Accept all", "Reject all", "Withdraw consent"),
    "es": ("Aceptar todo", "Rechazar todo", "Retirar el consentimiento"),
    "et": ("Nõustun kõigiga", "Keeldun kõigist", "Võtan nõusoleku tagasi"),
    "fi": ("Hyväksy kaikki", "Hylkää kaikki", "Peruuta suostumus"),
    "fr": ("Tout accepter", "Tout refuser", "Retirer mon consentement"),
    "ga": ("Glac le gach ceann", "Diúltaigh do gach ceann", "Tarraing siar do thoiliú"),
    "hr": ("Prihvati sve", "Odbij sve", "Povuci privolu"),
    "hu": ("Összes elfogadása", "Összes elutasítása", "Hozzájárulás visszavonása"),
    "is": ("Samþykkja allt", "Hafna öllu", "Afturkalla samþykki"),
    "it": ("Accetta tutti", "Rifiuta tutti", "Revoca il consenso"),
    "lt": ("Sutikti su visais", "Atmesti visus", "Atšaukti sutikimą"),
    "lv": ("Pieņemt visu", "Noraidīt visu", "Atsaukt piekrišanu"),
    "mt": ("Aċċetta kollox", "Irrifjuta kollox", "Irtira l-kunsens"),
    "nb": ("Godta alle", "Avvis alle", "Trekk tilbake samtykke"),
    "nl": ("Alles accepteren", "Alles weigeren", "Toestemming intrekken"),
    "pl": ("Zaakceptuj wszystkie", "Odrzuć wszystkie", "Wycofaj zgodę"),
    "pt": ("Aceitar tudo", "Rejeitar tudo", "Retirar o consentimento"),
    "ro": ("Acceptă tot", "Respinge tot", "Retrage consimțământul"),
    "sk": ("Prijať všetko", "Odmietnuť všetko", "Odvolať súhlas"),
    "sl": ("Sprejmi vse", "Zavrni vse", "Prekliči privolitev"),
    "sv": ("Godkänn alla", "Avvisa alla", "Återkalla samtycke"),
    "tr": ("Tümünü kabul et", "Tümünü reddet", "Rızayı geri al"),
    "uk": ("Прийняти все", "Відхилити все", "Відкликати згоду"),
}

#: Words that are the same in English; everything else that is equal was forgotten.
COGNATES = {
    **{tag: {"store.cookie"} for tag in ("cs", "el", "es", "fr", "it", "pt", "ro", "sk", "sv")},
    **{tag: {"category.marketing.title", "store.cookie"} for tag in ("da", "de", "nl")},
    "hu": {"category.marketing.title"},
    "mt": {"service_data", "store.cookie"},
}

#: Opening and closing quotation mark.
QUOTES = {
    **dict.fromkeys(("ar", "el", "es", "fr", "it", "nb", "pt", "uk"), "«»"),
    **dict.fromkeys(("bg", "cs", "de", "et", "is", "lt", "sk"), "„“"),
    **dict.fromkeys(("en", "ga", "lv", "mt", "nl", "tr"), "“”"),
    **dict.fromkeys(("hr", "hu", "pl", "ro"), "„”"),
    **dict.fromkeys(("da", "fi", "sv"), "””"),
    "sl": "»«",
}
MARKS = "\"'`´«»‹›„“”‟‚‘‛″′"

#: Languages in which a name keeps its form and its article behind a preposition or a verb.
UNDECLINED = {"da", "de", "en", "fr", "nb", "nl", "sv"}

#: What a language's typography demands, as what must not be found.
MISPRINTS = {
    # A no-break space on the inner side of these signs.
    "fr": r"(?<![\u00a0\u202f])[:;!?»]|«(?![\u00a0\u202f])",
    # A comma below s and t, not a cedilla.
    "ro": "[şţŞŢ]",
    # Arabic commas, semicolons and question marks; western digits.
    "ar": r"[,;?\u0660-\u0669\u06f0-\u06f9]",
    # A word of one letter keeps to the next one.
    **dict.fromkeys(("cs", "sk"), r"(?i)(?<!\w)[kosuvzai] "),
    "pl": r"(?i)(?<!\w)[aiouwz] ",
}


def _pairs(tag):
    """Slots and texts in the order of the file, with those that are there twice."""
    return json.loads((TEXTS / f"{tag}.json").read_text(encoding="utf-8"), object_pairs_hook=list)


ENGLISH = dict(_pairs("en"))
EVERY_LANGUAGE = pytest.mark.parametrize("tag", LANGUAGES)


def _in_english(slot):
    """The English text of a slot; of the last form where the language has more of them."""
    return ENGLISH.get(slot) or ENGLISH[slot.rpartition(".")[0] + ".other"]


def _slots(tag):
    """The slots of the English file, with the plural forms of another language."""
    for slot in ENGLISH:
        stem, _, form = slot.rpartition(".")
        if f"{stem}.other" not in ENGLISH:
            yield slot
        elif form == "other":
            yield from (f"{stem}.{form}" for form in PLURALS[tag].split())


def test_every_language_of_the_list_ships_and_no_other():
    assert sorted(path.name for path in TEXTS.iterdir()) == sorted(
        f"{tag}.json" for tag in LANGUAGES
    )
    assert sorted(PLURALS) == sorted(LABELS) == sorted(QUOTES) == sorted(LANGUAGES)


def test_a_site_may_speak_every_language_at_once():
    document = a_document(languages={"default": "fr", "available": sorted(LANGUAGES)})

    bundle = build_bundle(document, artifacts().texts, BUILD, None)

    assert set(bundle["texts"]) == set(LANGUAGES)


@EVERY_LANGUAGE
def test_every_slot_is_there_once_in_the_plural_forms_of_the_language(tag):
    assert [slot for slot, _ in _pairs(tag)] == list(_slots(tag))


@EVERY_LANGUAGE
def test_every_text_speaks_of_the_same_values_as_the_english_one(tag):
    for slot, text in _pairs(tag):
        names = re.findall(r"\{[^}]*\}?|\}", text)
        assert sorted(names) == sorted(re.findall(r"\{\w+\}", _in_english(slot))), slot


@pytest.mark.parametrize("tag", [tag for tag in LANGUAGES if tag != "en"])
def test_nothing_is_left_in_english_but_words_that_are_the_same(tag):
    equal = {slot for slot, text in _pairs(tag) if text == _in_english(slot)}

    assert equal == COGNATES.get(tag, set())


@EVERY_LANGUAGE
def test_the_answers_are_the_reviewed_words_and_of_like_length(tag):
    texts = dict(_pairs(tag))
    accept, reject, withdraw = LABELS[tag]

    assert (texts["accept"], texts["reject"], texts["withdraw"]) == (accept, reject, withdraw)
    assert max(len(accept), len(reject)) <= 1.4 * min(len(accept), len(reject))


@EVERY_LANGUAGE
def test_no_text_is_longer_than_a_site_may_write_it(tag):
    for slot, text in _pairs(tag):
        kind = re.sub(r"category\.\w+\.", "category ", slot)
        assert 0 < len(text) <= LONGEST.get(kind, 250), slot


@EVERY_LANGUAGE
def test_every_text_is_plain_and_in_the_composed_form(tag):
    for slot, text in _pairs(tag):
        assert not re.search(r"[<>&]|^\s|\s$|\s\s|\.\.\.", text), slot
        # Control and format characters, those that turn the direction among them.
        assert not {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"} & {unicodedata.category(c) for c in text}
        assert text == unicodedata.normalize("NFC", text), slot


@EVERY_LANGUAGE
def test_quotation_marks_are_those_of_the_language(tag):
    opening, closing = QUOTES[tag]
    quoted = 0
    for slot, text in _pairs(tag):
        rest, count = re.subn(f"{opening}[^{MARKS}]+{closing}", "", text)
        assert not set(MARKS) & set(rest), slot
        quoted += count

    assert quoted >= 3  # two names of buttons and a signal's


@pytest.mark.parametrize("tag", sorted(set(LANGUAGES) - UNDECLINED))
def test_names_stand_where_nothing_declines_them(tag):
    for slot, text in _pairs(tag):
        names = re.sub(rf"(^|: |{QUOTES[tag][0]})\{{\w+\}}|\{{count\}}", "", text)
        assert "{" not in names, slot


@pytest.mark.parametrize("tag", MISPRINTS)
def test_the_typography_of_the_language_is_kept(tag):
    assert [text for _, text in _pairs(tag) if re.search(MISPRINTS[tag], text)] == []


@EVERY_LANGUAGE
def test_no_text_says_what_a_site_is_warned_of(tag):
    for slot, text in _pairs(tag):
        for pattern, why in BANNED_PHRASES:
            assert not re.search(pattern, text, re.IGNORECASE), f"{slot}: {why}"
