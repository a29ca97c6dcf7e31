"""What a valid document could say better: shown by ``plan``, never in the way of publishing."""

import re
from collections.abc import Callable, Iterator

from consent_server.sites.document.findings import Finding, path_to
from consent_server.sites.document.model import SiteDocument
from consent_server.sites.document.signals import signal_warnings

#: Wordings that authorities found vague, shaming or misleading, with what is wrong with them.
BANNED_PHRASES: tuple[tuple[str, str], ...] = (
    (
        r"(improve|enhance|better|best|optimal|personali[sz]ed?) (your |the |our |user )*experience"
        r"|am[ée]liorer (votre|l['’]) ?(exp[ée]rience|navigation)|meilleure exp[ée]rience"
        r"|(optimales?|bestes?|besseres?) (nutzungs|benutzer|surf|online)?-?(erlebnis|erfahrung)"
        r"|nutzungserlebnis|mejorar (tu|su) experiencia|migliorare la (tua|sua) esperienza"
        r"|melhorar a (sua|tua) experi[êe]ncia|(betere|beste) ervaring",
        "says nothing about the purpose (CNIL SAN-2025-005)",
    ),
    (
        r"by (continuing|using|browsing|scrolling)|en (poursuivant|continuant)|durch (die )?"
        r"(weitere )?nutzung|(al|si) (continuar|contin[uú]a)s?|continuando (a|la)|door verder te",
        "browsing on is no consent (EDPB guidelines 05/2020, 86)",
    ),
    (
        r"legitimate interests?|int[ée]r[êe]ts? l[ée]gitimes?|berechtigte[sn]? interesse[n]?"
        r"|inter[ée]s leg[ií]timo|interesse legittimo|leg[ií]timo interesse|gerechtvaardigd belang",
        "storing on a device needs consent, not a balance of interests (ePrivacy Art. 5(3))",
    ),
    (
        r"(we|site|page|website) (may|might|will) not (work|function)|may not work properly"
        r"|ne fonctionnera?(it)? (pas|plus)|nicht (richtig|korrekt|mehr) funktionier"
        r"|reduced (navigation|functionality)|navigation (d[ée]grad[ée]e|r[ée]duite)",
        "refusing must have no drawback, and none may be threatened (EDPB guidelines 05/2020, 39)",
    ),
    (
        r"we (value|respect|care about) your privacy|votre vie priv[ée]e nous"
        r"|ihre privatsph[äa]re ist|tu privacidad (nos )?importa|la tua privacy [eè] importante",
        "praises the site instead of informing (EDPB guidelines 03/2022, stirring)",
    ),
    (
        r"terms (of (use|service)|and conditions)|conditions (g[ée]n[ée]rales|d['’]utilisation)"
        r"|nutzungsbedingungen|t[ée]rminos y condiciones|termini e condizioni",
        "a request for consent deals with nothing else (GDPR Art. 7(2))",
    ),
)

_HTML = re.compile(r"</?[a-zA-Z][^>]*>|&[a-z]+;")


def warnings(document: SiteDocument) -> tuple[Finding, ...]:
    """Return what a valid document could say better, in the order of its keys."""
    return tuple(finding for rule in _RULES for finding in rule(document))


def _something_is_asked(document: SiteDocument) -> Iterator[Finding]:
    is_asked = any(not category.required for category in document.categories)
    if not is_asked and not document.directed_to_children:
        yield Finding("categories", "nothing is asked: no category is optional", "nothing_asked")


def _services_are_described(document: SiteDocument) -> Iterator[Finding]:
    if not document.services:
        message = "no vendor or tool is named, so visitors cannot know who gets their data"
        yield Finding("services", message, "services_missing")
    for at, service in enumerate(document.services):
        if not service.hosts:
            message = "is missing: visitors are told whom their browser connects to"
            yield Finding(f"services[{at}].hosts", message, "service_incomplete")


def _signals_are_told_something(document: SiteDocument) -> Iterator[Finding]:
    categories = {category.id: category.required for category in document.categories}
    yield from signal_warnings(document.signals, categories)


def _texts_are_clear(document: SiteDocument) -> Iterator[Finding]:
    for language, slots in document.texts.items():
        for slot, text in slots.items():
            path = path_to(("texts", language, slot))
            for pattern, why in BANNED_PHRASES:
                if found := re.search(pattern, text, re.IGNORECASE):
                    yield Finding(path, f'"{found[0]}": {why}', "vague_or_misleading")
            if _HTML.search(text):
                yield Finding(path, "is shown as written: there is no markup", "markup")


def _languages_say_the_same(document: SiteDocument) -> Iterator[Finding]:
    written = {slot for slots in document.texts.values() for slot in slots}
    for slot in sorted(written):
        for language in document.languages.available:
            if slot not in document.texts.get(language, {}):
                message = "is written in other languages only, so they say different things"
                yield Finding(path_to(("texts", language, slot)), message, "language_gap")


_RULES: tuple[Callable[[SiteDocument], Iterator[Finding]], ...] = (
    _something_is_asked,
    _services_are_described,
    _signals_are_told_something,
    _texts_are_clear,
    _languages_say_the_same,
)
