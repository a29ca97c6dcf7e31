"""The result of an audit, for people and for scripts."""

import textwrap
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from consent_server.audit.findings import HEADINGS, Finding
from consent_server.audit.judging import Verdict
from consent_server.audit.observed import Life, LifeName
from consent_server.audit.seen import Seen
from consent_server.columns import rfc3339

#: Version of the JSON; it grows by new keys, and changes when one goes or means something else.
FORMAT = 1
WIDTH = 96
LIVES: dict[LifeName, str] = {
    "no_choice": "a visitor who does not choose",
    "refusal": "a visitor who refuses",
    "withdrawal": "a visitor who accepts, then withdraws",
}
SOURCES = {
    "page": "what the page's own widget has published",
    "database": "what is published in this service's database",
    "file": "the document in the file",
}


def as_dict(
    seen: Seen, verdict: Verdict, pages: Sequence[str], audited_at: datetime
) -> dict[str, Any]:
    """Return everything for a script; the same keys each time."""
    return {
        "version": FORMAT,
        "audited_at": rfc3339(audited_at),
        "pages": list(pages),
        "site": seen.declared.site if seen.declared else None,
        "declared_by": seen.declared.source if seen.declared else None,
        "bundle": seen.declared.hash if seen.declared else None,
        "clean": verdict.is_clean,
        "findings": [finding.as_dict() for finding in verdict.findings],
        "notes": [note.as_dict() for note in verdict.notes],
        "lives": [_life(life) for life in seen.lives],
    }


def as_lines(seen: Seen, verdict: Verdict, pages: Sequence[str]) -> Iterator[str]:
    """Yield the lines that people read: findings of one kind together, numbered throughout."""
    more = f" and {_count(len(pages) - 1, 'more page')}" if len(pages) > 1 else ""
    yield f"Audit of {pages[0]}{more}"
    yield _compared(seen)
    yield ""
    if verdict.is_clean:
        yield from _wrapped(_clean(seen), "")
    else:
        yield _count(len(verdict.findings), "finding")
    yield from _groups(verdict.findings, pages)
    if verdict.notes:
        yield ""
        yield f"{_count(len(verdict.notes), 'note')}, for which the audit does not fail"
        yield from _groups(verdict.notes, pages, first=len(verdict.findings) + 1)


def summary(life: Life) -> str:
    """Return what was seen in one life, in a few words."""
    stages = {sight.page for sight in life.sights}
    hosts = {contact.host for contact in life.contacts}
    stored = {one for sight in life.sights for one in sight.stored}
    return (
        f"{_count(len(stages), 'page')}, {_count(len(hosts), 'host')}, "
        f"{_count(len(stored), 'thing')} stored"
    )


def _clean(seen: Seen) -> str:
    said = "Clean. Everything that was contacted or stored is declared"
    if seen.life("refusal"):
        said += ", nothing optional happened before a choice or after a refusal"
        said += " or a withdrawal" if seen.life("withdrawal") else ""
        said += ", both answers look alike, and every page has a way back that works"
    return said + "."


def _compared(seen: Seen) -> str:
    if seen.declared is None:
        return "Compared with nothing: no page has a widget; --site or --document name a site."
    revision = seen.declared.bundle.get("revision") if seen.declared.hash else None
    version = f", revision {revision}" if revision else ""
    return f"Compared with {SOURCES[seen.declared.source]}: site “{seen.declared.site}”{version}."


def _groups(findings: Sequence[Finding], pages: Sequence[str], *, first: int = 1) -> Iterator[str]:
    number = first
    for code, heading in HEADINGS.items():
        group = [finding for finding in findings if finding.code == code]
        if not group:
            continue
        yield ""
        yield heading[0].upper() + heading[1:]
        for finding in group:
            yield from _finding(f"{number:>3}. ", finding, pages)
            number += 1
            # What is to be done about several alike is said once, after the last.
            if finding is group[-1] or finding.remedy != group[group.index(finding) + 1].remedy:
                yield from _wrapped(f"→ {finding.remedy}", "     ")


def _finding(mark: str, finding: Finding, pages: Sequence[str]) -> Iterator[str]:
    yield f"{mark}{finding.subject}"
    yield from _wrapped(finding.message, "     ")
    details = finding.details
    if "kind" in details:
        yield f"     First found on {_short(finding.pages[0], pages)}"
    elif finding.pages:
        everywhere = len(pages) > 1 and set(finding.pages) >= set(pages)
        named = ", ".join(_short(page, pages) for page in finding.pages)
        where = "every page" if everywhere else named
        example = f": {details['url']}" if details.get("url") else ""
        yield from _wrapped(f"On {where}{example}", "     ")


def _short(page: str, pages: Sequence[str]) -> str:
    """Return a page's path, where its origin is that of the first page."""
    parts, first = urlsplit(page), urlsplit(pages[0])
    if (parts.scheme, parts.netloc) != (first.scheme, first.netloc):
        return page
    return parts._replace(scheme="", netloc="", fragment="").geturl() or "/"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + ("  " if text.startswith("→") else ""),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _life(life: Life) -> dict[str, Any]:
    return {
        "life": life.name,
        "sights": [
            {
                "page": sight.page,
                "stage": sight.stage,
                "widget": sight.has_widget,
                "hosts": sorted({c.host for s, c in life.contacts_by_sight() if s is sight}),
                "stores": [
                    {
                        "kind": one.kind,
                        "name": one.name,
                        "place": one.place,
                        "http_only": one.http_only,
                    }
                    for one in sight.stored
                ],
            }
            for sight in life.sights
        ],
    }


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
