"""The chain of one visitor's records: which one holds, and how the next one is made."""

import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from consent_server.consents.choices import (
    Decision,
    Held,
    Question,
    as_json,
    choices_of,
    lapse,
)
from consent_server.consents.deciding import decide, settle_late
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.sites.models import Publication
from consent_server.sites.service import bundle_of

#: Resolution of the log's clock: a subject's records never share an instant.
TICK = timedelta(milliseconds=1)


def find_record(site_id: str, record_id: str) -> ConsentRecord | None:
    """Return a record of this site by its id, if there is one."""
    return db.session.get(ConsentRecord, (site_id, record_id))


def record_in_force(
    site_id: str, subject: str, at: datetime | None = None, below: int | None = None
) -> ConsentRecord | None:
    """Return the record that holds for a subject, now or at a past instant.

    What a newer decision overrides is marked when it arrives, so the last one that is not marked
    holds.

    :param below: as if no decision had this counter or a higher one
    """
    query = sa.select(ConsentRecord).where(
        ConsentRecord.site_id == site_id,
        ConsentRecord.subject == subject,
        ConsentRecord.superseded == sa.false(),
    )
    if at is not None:
        query = query.where(ConsentRecord.recorded_at <= at)
    if below is not None:
        query = query.where(ConsentRecord.n < below).order_by(ConsentRecord.n.desc())
    return db.session.scalars(query.order_by(ConsentRecord.recorded_at.desc()).limit(1)).first()


def held_by(record: ConsentRecord) -> Held:
    """Return the choices of a record."""
    return Held(choices_of(record.categories), choices_of(record.services))


def next_record(
    publication: Publication, decision: Decision, subject: str | None, now: datetime
) -> ConsentRecord:
    """Build the record that follows what is in force for the subject.

    A decision with a lower counter than the newest is late: it is read against what held when it
    was made, and marked as without effect, unless its no is newer than a grant that was only
    carried over. The caller holds the subject's lock.

    :raises ConsentError: the decision contradicts itself or the bundle (``consents.errors``)
    """
    question = Question(bundle_of(publication))
    held = record_in_force(publication.site_id, subject) if subject else None
    newest = 0
    if held is not None:
        latest, newest = _latest(held)
        now = max(now, latest + TICK)
        lapsed = record_lapse(held, publication, now)
        if lapsed is not None:
            held, now = lapsed, lapsed.recorded_at + TICK
    before, is_late, is_tie = held, False, False
    if held is not None and subject is not None and decision.n is not None:
        is_late, is_tie = decision.n < newest, decision.n == newest
        if is_late:
            before = record_in_force(publication.site_id, subject, below=decision.n)
    previous = held_by(before) if before is not None else None
    outcome = decide(question, decision, previous, now, is_tie=is_tie)
    if is_late and held is not None:
        settled = settle_late(question, decision, outcome.held, held_by(held), now)
        is_late, outcome = settled is None, settled or outcome
    takes_nothing = (
        is_tie
        and previous is not None
        and question.allowed(outcome.held, now) == question.allowed(previous, now)
    )
    return ConsentRecord(
        **_circumstances(publication, decision),
        record_id=new_record_id(),
        previous=held.record_id if held is not None else None,
        event=outcome.event,
        recorded_at=now,
        expires_at=min(choice.expires_at for choice in outcome.held.categories.values()),
        categories=as_json(outcome.held.categories),
        services=as_json(outcome.held.services),
        subject=subject,
        superseded=is_late or takes_nothing,
    )


def _circumstances(publication: Publication, decision: Decision) -> dict[str, Any]:
    """Return what was shown and how it was answered, in the columns of a record."""
    bundle = bundle_of(publication)
    return {
        "site_id": publication.site_id,
        "revision": publication.revision,
        "bundle": publication.bundle_hash,
        "policy_version": bundle["policy"]["version"],
        "profile": bundle["profile"],
        "action": decision.action,
        "method": decision.method,
        "build": decision.build,
        "language": decision.language,
        "gpc": decision.gpc,
        "trusted": decision.trusted,
        "n": decision.n,
    }


def record_lapse(
    record: ConsentRecord, publication: Publication, now: datetime
) -> ConsentRecord | None:
    """Append the expiry of a record's grants whose time is over; None when there is nothing to end.

    The caller holds the subject's lock and commits.
    """
    required = Question(bundle_of(publication)).required
    optional = set(record.categories) - set(required)
    before = held_by(record)
    ended = lapse(before.categories, optional, now), lapse(before.services, before.services, now)
    if ended == (before.categories, before.services):
        return None
    left = [choice for id_, choice in ended[0].items() if id_ in optional]
    ends = [choice.expires_at for choice in (*left, *ended[1].values()) if choice.granted]
    expired = ConsentRecord(
        site_id=record.site_id,
        record_id=new_record_id(),
        previous=record.record_id,
        event="expired",
        action=None,
        method=None,
        recorded_at=max(now, _latest(record)[0] + TICK),
        expires_at=min(ends, default=record.expires_at),
        categories=as_json(ended[0]),
        services=as_json(ended[1]),
        revision=record.revision,
        bundle=record.bundle,
        build=record.build,
        language=record.language,
        policy_version=record.policy_version,
        profile=record.profile,
        gpc=record.gpc,
        trusted=record.trusted,
        subject=record.subject,
        n=record.n,
        superseded=False,
    )
    db.session.add(expired)
    db.session.flush()
    return expired


def _latest(record: ConsentRecord) -> tuple[datetime, int]:
    """Return the last instant and the highest counter among all records of this one's subject."""
    row = db.session.execute(
        sa.select(sa.func.max(ConsentRecord.recorded_at), sa.func.max(ConsentRecord.n)).where(
            ConsentRecord.site_id == record.site_id, ConsentRecord.subject == record.subject
        )
    ).one()
    return max(row[0] or record.recorded_at, record.recorded_at), row[1] or record.n or 0


def new_record_id() -> str:
    """Return 128 random bits as 22 characters, none of which a spreadsheet takes for a formula."""
    while (record_id := secrets.token_urlsafe(16)).startswith("-"):
        pass
    return record_id
