"""Whether what a site published still is what its log says in clear."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from consent_server.columns import UNREADABLE
from consent_server.db import db
from consent_server.ledger.canonical import digest
from consent_server.ledger.entries import Artifact, decode, encode
from consent_server.sites.models import Publication, WidgetBuild
from consent_server.sites.service import artifacts_of, bundle_of, publications
from consent_server.trail.publications import facts_of, facts_told

#: How a build names its second part: by the integrity that browsers check, base64.
SECOND = re.compile(rb"sha256-([A-Za-z0-9+/]{43})=")
AS_NAME = bytes.maketrans(b"+/", b"-_")


def published_artifacts(site_id: str) -> dict[bytes, str | None]:
    """Return the entries that the publications of a site make, and what is wrong with each.

    One that cannot be read makes none; then its entries stand for nothing, nor do those after it.
    """
    found: dict[bytes, str | None] = {}
    with suppress(*UNREADABLE):
        found.update(_made_by(site_id))
    return found


def unreadable_publication(site_id: str) -> str | None:
    """Return from which publication on there are no entries, though pages may be given it.

    Somebody changed it or put it in: what makes no entry cannot be missed in the log.
    """
    last = b""
    try:
        for entry, _ in _made_by(site_id):
            last = entry
    except UNREADABLE:
        made = decode(last) if last else None
        after = f"after {made.name}" if isinstance(made, Artifact) else "before all others"
        return f"the publication {after} cannot be read, nor those that follow it"
    return None


def _made_by(site_id: str) -> Iterator[tuple[bytes, str | None]]:
    previous: Publication | None = None
    published = publications(site_id)
    told = facts_told(site_id)  # after them: a line is committed with its publication
    for publication in published:
        for artifact in artifacts_of(publication, previous):
            problem = _problem(publication, artifact.kind)
            yield encode(artifact), problem or _other_than_told(publication, told)
        previous = publication


def _other_than_told(
    publication: Publication, told: Mapping[int, Sequence[dict[str, Any]]]
) -> str | None:
    """Return what is wrong with what is in no bundle: the document, when and why.

    What was published before there were such lines has none.
    """
    if told and publication.revision > min(told) and publication.revision not in told:
        return f"publication {publication.revision}: no line of the trail tells of it"
    facts = facts_of(publication)
    if all(line == facts for line in told.get(publication.revision, ())):
        return None
    return (
        f"publication {publication.revision}: its document, its time or its reason is not what "
        "the trail says of it"
    )


def _problem(publication: Publication, kind: str) -> str | None:
    name = f"publication {publication.revision}"
    if kind == "config":
        is_same = digest(publication.bundle.encode()) == publication.bundle_hash
        return None if is_same else f"{name}: its bundle is not the one that was published"
    first = _build(bundle_of(publication)["build"])
    if first is None:
        return f"{name}: its widget build is missing or not what was published"
    seconds = [found[1].translate(AS_NAME).decode() for found in SECOND.finditer(first)]
    if any(_build(second) is None for second in seconds):
        return f"{name}: the second part of its widget is missing or not what was published"
    return None


def _build(name: str) -> bytes | None:
    """Return the code that has a name, which is its digest; None where there is none."""
    stored = db.session.get(WidgetBuild, name)
    source = bytes(stored.source) if stored is not None else b""
    return source if digest(source) == name else None
