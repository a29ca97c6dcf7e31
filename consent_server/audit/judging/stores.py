"""Stores: every one is declared, kept only with consent, and gone after a withdrawal."""

from collections.abc import Iterable, Sequence

from consent_server.audit.declared import Service, is_of_the_widget
from consent_server.audit.findings import Finding
from consent_server.audit.judging.occasions import FORBIDDEN, Occasions, in_words
from consent_server.audit.observed import Stage, Stored
from consent_server.audit.seen import Seen
from consent_server.sites.known_trackers import tracker_named

#: Kind → how people call it.
KINDS = {
    "cookie": "cookie",
    "local_storage": "localStorage key",
    "session_storage": "sessionStorage key",
    "indexed_db": "database",
    "cache": "cache",
    "worker": "service worker",
}


def judge_stores(seen: Seen) -> list[Finding]:
    """Judge everything that was found on the device."""
    declared = seen.known()
    found: list[Finding] = []
    for stored, occasions in _by_store(seen).items():
        services = declared.keeping(stored)
        if not services:
            found.append(_undeclared(stored, occasions))
        elif not any(service.is_required for service in services):
            found += _without_consent(stored, occasions, services[0], seen.page_names())
    return found


def _by_store(seen: Seen) -> dict[Stored, Occasions]:
    stores: dict[Stored, Occasions] = {}
    for life in seen.lives:
        for sight in life.sights:
            for stored in sight.stored:
                if not is_of_the_widget(stored):
                    stores.setdefault(stored, Occasions()).add(sight.stage, sight.page)
    return stores


def _finding(
    code: str,
    stored: Stored,
    occasions: Occasions,
    when: Sequence[Stage],
    message: str,
    remedy: str,
    service: Service | None = None,
) -> Finding:
    return Finding(
        code,
        f"{KINDS[stored.kind]} {stored.name}",
        message,
        remedy,
        tuple(when),
        occasions.pages(when),
        service.category if service else None,
        service.id if service else None,
        {
            "kind": stored.kind,
            "name": stored.name,
            "place": stored.place,
            "http_only": stored.http_only,
        },
    )


def _undeclared(stored: Stored, occasions: Occasions) -> Finding:
    when = occasions.when()
    said = f"Found {in_words(when)}. {_kept(stored)}."
    if tool := tracker_named(stored.name):
        said += f" It has a name that {tool} uses."
    return _finding(
        "undeclared_store",
        stored,
        occasions,
        when,
        said,
        f"Find out what sets it and what for. Declare it under `stores` of its service (kind "
        f"`{stored.kind}`{', http_only: true' if stored.http_only else ''}), so that visitors are "
        "told of it and it is deleted when they say no; what the page cannot do without belongs to "
        "a service of a required category.",
    )


def _without_consent(
    stored: Stored, occasions: Occasions, service: Service, page_names: Iterable[str]
) -> list[Finding]:
    when = occasions.when(FORBIDDEN)
    if not when:
        return []
    if when == ("after_withdrawal",) and "after_acceptance" in occasions.pages_by_stage:
        return [_not_deleted(stored, occasions, service, page_names)]
    return [
        _finding(
            "store_without_consent",
            stored,
            occasions,
            when,
            f"Declared for {service.name} ({service.category}), and found {in_words(when)}. "
            f"{_kept(stored)}.",
            _how_to_prevent(stored, service),
            service,
        )
    ]


def _not_deleted(
    stored: Stored,
    occasions: Occasions,
    service: Service,
    page_names: Iterable[str],
) -> Finding:
    code = "store_not_deleted"
    if not any(f".{name}".endswith(f".{_name(stored.place)}") for name in page_names):
        code = "store_of_others"
        remedy = (
            "Only that host can delete it. As long as no page contacts it without consent, it is "
            "not read; ask the vendor for a variant without it."
        )
    elif stored.http_only:
        remedy = "No script can delete an HttpOnly cookie. "
        if not service.knows_as_http_only(stored):
            remedy += "Declare it with `http_only: true`. "
        remedy += (
            "The check API names it in `expire_cookies`, and your server has to expire it; with "
            "the service on the site's own host (docs/first-party.md) that happens by itself."
        )
    else:
        remedy = (
            "Something sets it again after the withdrawal, or its path is out of the widget's "
            "reach. Set it only from tags that are held back, with a path of / or of the page."
        )
    said = (
        f"Declared for {service.name} ({service.category}), set after an acceptance and still "
        f"there after a withdrawal. {_kept(stored)}."
    )
    return _finding(code, stored, occasions, ["after_withdrawal"], said, remedy, service)


def _how_to_prevent(stored: Stored, service: Service) -> str:
    if stored.http_only:
        return (
            "A server sets it, since it is HttpOnly. Let that server ask the check API about "
            f'"{service.category}" first, and expire what the API names in `expire_cookies`; '
            "declare it with `http_only: true`."
        )
    return (
        "Hold back the tag that sets it "
        f'(data-category="{service.category}" data-service="{service.id}"), or let your code ask '
        f'`ConsentServer.has("{service.category}")` first.'
    )


def _kept(stored: Stored) -> str:
    by = " by a server (HttpOnly)" if stored.http_only else ""
    return f"It is kept for {stored.place}{'; set' + by if by else ''}"


def _name(place: str) -> str:
    """Return a host without its port; cookies know no ports."""
    return place.rpartition(":")[0] if place.rpartition(":")[2].isdigit() else place
