"""Use cases of the audit export: which records, in which order, at constant memory."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.sites.service import bundle_of, publications, require_site

LEVELS = ("counts", "decisions", "subjects")
#: Records read in one transaction. Between two pages the database is free: with SQLite's rollback
#: journal an open reader keeps every writer waiting.
PAGE = 5000

Position = tuple[datetime, str]


@dataclass(frozen=True)
class Selection:
    """Which records of a site to export."""

    site_id: str
    #: One of :data:`LEVELS`; ``decisions`` leaves the subject out.
    level: str = "decisions"
    #: First instant, inclusive.
    start: datetime | None = None
    #: Last instant, exclusive.
    end: datetime | None = None
    event: str | None = None


def records(selection: Selection) -> Iterator[dict[str, Any]]:
    """Yield every selected record, JSON-ready, in the order of ``recorded_at`` and record id.

    Holds one page at a time, whatever the number of records.

    :raises SiteUnknown: there is no such site (an archived one is exported)
    """
    require_site(selection.site_id, archived=True)
    after: Position | None = None
    while True:
        page = page_of(selection, after, PAGE)
        has_subject = selection.level == "subjects"
        yield from (record.exported(with_subject=has_subject) for record in page)
        if len(page) < PAGE:
            return
        after = (page[-1].recorded_at, page[-1].record_id)


def counts(selection: Selection) -> Iterator[dict[str, Any]]:
    """Yield how many records there are of each day (UTC) and event; nothing about anybody.

    Records that arrived too late to have an effect are counted apart.
    """
    tally = Counter(
        (record["recorded_at"][:10], record["event"], record["superseded"])
        for record in records(selection)
    )
    for (day, event, superseded), count in sorted(tally.items()):
        yield {"day": day, "event": event, "superseded": superseded, "count": count}


def page_of(selection: Selection, after: Position | None, most: int) -> list[ConsentRecord]:
    """Return the next records after a position, detached; the transaction is over on return."""
    query = sa.select(ConsentRecord).where(*_conditions(selection))
    if after is not None:
        position = sa.tuple_(ConsentRecord.recorded_at, ConsentRecord.record_id)
        query = query.where(position > sa.tuple_(*_bound(after)))
    query = query.order_by(ConsentRecord.recorded_at, ConsentRecord.record_id).limit(most)
    page = list(db.session.scalars(query))
    db.session.expunge_all()
    db.session.rollback()
    return page


def count(selection: Selection) -> int:
    """Return how many records are selected, to show progress."""
    query = sa.select(sa.func.count()).select_from(ConsentRecord)
    return db.session.scalar(query.where(*_conditions(selection))) or 0


def category_ids(site_id: str) -> list[str]:
    """Return every category that this site ever asked about, in the order of their publication."""
    known: dict[str, None] = {}
    for publication in publications(site_id):
        known.update(dict.fromkeys(item["id"] for item in bundle_of(publication)["categories"]))
    return list(known)


def _conditions(selection: Selection) -> list[sa.ColumnElement[bool]]:
    conditions = [ConsentRecord.site_id == selection.site_id]
    if selection.start is not None:
        conditions.append(ConsentRecord.recorded_at >= selection.start)
    if selection.end is not None:
        conditions.append(ConsentRecord.recorded_at < selection.end)
    if selection.event is not None:
        conditions.append(ConsentRecord.event == selection.event)
    return conditions


def _bound(after: Position) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    instant, record_id = after
    return (
        sa.bindparam(None, instant, ConsentRecord.recorded_at.type),
        sa.bindparam(None, record_id, sa.Text()),
    )
