"""Tags: what a declared optional service loads from is marked, and marked as published."""

from collections.abc import Iterable, Iterator

from consent_server.audit.declared import Declared, Service
from consent_server.audit.findings import Finding
from consent_server.audit.judging.hosts import hosts_of
from consent_server.audit.observed import Life
from consent_server.audit.tags import Tag


def judge_tags(lives: Iterable[Life], declared: Declared) -> list[Finding]:
    """Judge the tags of every page, as they were before a choice."""
    pages: dict[Tag, dict[str, None]] = {}
    for life in lives:
        for sight in life.sights:
            for tag in sight.tags or ():
                pages.setdefault(tag, {})[sight.page] = None
    found: dict[tuple[str, str], Finding] = {}
    for tag, on in pages.items():
        judged = _not_marked if tag.category is None else _marked
        for one in judged(tag, tuple(on), declared):
            found.setdefault((one.code, one.subject), one)
    return list(found.values())


def _not_marked(tag: Tag, pages: tuple[str, ...], declared: Declared) -> Iterator[Finding]:
    for host in hosts_of(tag.live):
        services = declared.contacting(host)
        if not services or any(service.is_required for service in services):
            continue
        service = services[0]
        nobody = "browsers without scripts load it at once" if tag.in_noscript else ""
        yield Finding(
            "tag_not_marked",
            tag.shown(),
            f"{host} is declared for {service.name} ({service.category}), and nothing holds this "
            f"tag back{': ' + nobody if nobody else ''}.",
            "Take it out: without scripts nobody can be asked."
            if tag.in_noscript
            else _how_to_mark(tag, service),
            ("before_choice",),
            pages,
            service.category,
            service.id,
            {"hosts": [host], "element": tag.name},
        )


def _marked(tag: Tag, pages: tuple[str, ...], declared: Declared) -> Iterator[Finding]:
    known = [category["id"] for category in declared.bundle["categories"]]
    unknown = [one for one in tag.categories if one not in known]

    def finding(code: str, message: str, remedy: str) -> Finding:
        return Finding(
            code,
            tag.shown(),
            message,
            remedy,
            pages=pages,
            category=tag.category,
            service=tag.service,
            details={"hosts": hosts_of(tag.live), "element": tag.name},
        )

    if unknown or not tag.categories:
        yield finding(
            "tag_category_unknown",
            f"{_quoted(unknown) or 'An empty category'} is not published, so that the tag never "
            f"loads. Published are {_quoted(known)}.",
            _right_mark(tag, declared)
            or "Correct data-category, or add the category to the site's document and publish it.",
        )
    if tag.service and declared.service(tag.service) is None:
        yield finding(
            "tag_service_unknown",
            f'No service of the document is called "{tag.service}".',
            "Correct data-service, or declare the service in the site's document.",
        )
    elif not unknown and (mark := _right_mark(tag, declared)):
        yield finding(
            "tag_category_other",
            "The service is declared in another category: with this mark it loads for visitors "
            "who said yes to something else.",
            mark,
        )
    if _loads_at_once(tag, declared):
        how = 'type="text/plain"' if tag.name == "script" else "data-src instead of src"
        yield finding(
            "tag_loads_at_once",
            "It is marked, and the browser loads it before anybody has chosen.",
            f"A tag is held back by {how} (docs/embed.md).",
        )


def _right_mark(tag: Tag, declared: Declared) -> str | None:
    """Say how to mark what its service, or the services of its host, have in another category."""
    named = declared.service(tag.service) if tag.service else None
    hosts = hosts_of(tag.held)
    services = [named] if named else [one for at in hosts for one in declared.contacting(at)]
    if not services or any(one.category in tag.categories for one in services):
        return None
    right = services[0]
    return (
        f'{right.name} is declared in {right.category}: write data-category="{right.category}" '
        f'data-service="{right.id}".'
    )


def _loads_at_once(tag: Tag, declared: Declared) -> bool:
    """Say whether a marked tag loads without the widget; the opposite of a category may."""
    words = (tag.category or "").split()
    waits = [word for word in words if not word.startswith("!") and word not in declared.required]
    return bool(waits and tag.live) and not (tag.held and tag.name != "script")


def _how_to_mark(tag: Tag, service: Service) -> str:
    marks = f'data-category="{service.category}" data-service="{service.id}"'
    if tag.name == "script":
        return f'Write <script type="text/plain" {marks} data-src="…">.'
    address = "data-href" if tag.name == "link" else "data-src"
    return f'Write <{tag.name} {marks} {address}="…">.'


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)
