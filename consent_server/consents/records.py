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
    question_of,
)
from consent_server.consents.commitments import parts_of
from consent_server.consents.deciding import Outcome, decide, settle_late
from consent_server.consents.models import AnyRecord, ConsentRecord, NewRecord
from consent_server.db import db
from consent_server.log.queue import rows_for
from consent_server.sites.models import Publication
from consent_server.sites.service import bundle_of, reprompt_after
from consent_server.statements import Insert, Row

#: Resolution of the log's clock: a subject's records never share an instant.
TICK = timedelta(milliseconds=1)
KEEP_RECORD = Insert(ConsentRecord.__table__)


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


def held_by(record: AnyRecord) -> Held:
    """Return the choices of a record."""
    return Held(choices_of(record.categories), choices_of(record.services))


def next_record(
    publication: Publication,
    decision: Decision,
    subject: str | None,
    now: datetime,
    *,
    is_first: bool = False,
) -> NewRecord:
    """Build the record that follows what is in force for the subject.

    A decision with a lower counter than the newest is late: it is read against what held when it
    was made, and marked as without effect, unless its no is newer than a grant that was only
    carried over. The caller holds the subject's lock.

    :param is_first: the subject has no record at all, the caller has looked
    :raises ConsentError: the decision contradicts itself or the bundle (``consents.errors``)
    """
    question = question_of(publication)
    asked = None if is_first else subject
    held: AnyRecord | None = record_in_force(publication.site_id, asked) if asked else None
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
    takes_nothing = is_tie and _allow_the_same(question, outcome.held, previous, now)
    return decided_record(
        publication,
        decision,
        outcome,
        subject,
        now,
        previous=held.record_id if held is not None else None,
        superseded=is_late or takes_nothing,
    )


def decided_record(
    publication: Publication,
    decision: Decision,
    outcome: Outcome,
    subject: str | None,
    now: datetime,
    *,
    previous: str | None,
    superseded: bool,
) -> NewRecord:
    """Return what a decision came to, as a record with an id of its own.

    :param previous: id of the record that it follows
    :param superseded: it is without effect (``next_record``)
    """
    return NewRecord(
        **_circumstances(publication, decision),
        record_id=new_record_id(),
        previous=previous,
        event=outcome.event,
        recorded_at=now,
        expires_at=min(choice.expires_at for choice in outcome.held.categories.values()),
        categories=as_json(outcome.held.categories),
        services=as_json(outcome.held.services),
        subject=subject,
        superseded=superseded,
    )


def _allow_the_same(question: Question, held: Held, previous: Held | None, now: datetime) -> bool:
    if previous is None:
        return False
    return question.allowed(held, now) == question.allowed(previous, now)


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


def record_lapse(record: AnyRecord, publication: Publication, now: datetime) -> NewRecord | None:
    """Append the expiry of a record's grants whose time is over; None when there is nothing to end.

    The caller holds the subject's lock and commits.
    """
    required = question_of(publication).required
    optional = set(record.categories) - set(required)
    before = held_by(record)
    ended = lapse(before.categories, optional, now), lapse(before.services, before.services, now)
    if ended == (before.categories, before.services):
        return None
    left = [choice for id_, choice in ended[0].items() if id_ in optional]
    ends = [choice.expires_at for choice in (*left, *ended[1].values()) if choice.granted]
    expired = NewRecord(
        site_id=record.site_id,
        record_id=new_record_id(),
        previous=record.record_id,
        event="expired",
        action=None,
        method=None,
        recorded_at=following_instant(record, now),
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
    append(expired)
    return expired


def append(record: NewRecord) -> None:
    """Add a record, the keys of its commitments and its place in the queue of the log.

    The caller commits: none of the three is ever there without the others.
    """
    connection = db.session.connection()
    for insert, values in rows_of(record):
        insert.run(connection, values)


def rows_of(record: NewRecord) -> list[Row]:
    """Return the three rows that :func:`append` adds, in their order."""
    return [(KEEP_RECORD, vars(record)), *_rows_to_commit(record)]


def commit_to(record: ConsentRecord) -> None:
    """Make the keys of a stored record's commitments, and queue its entry; the caller commits."""
    connection = db.session.connection()
    for insert, values in _rows_to_commit(record):
        insert.run(connection, values)


def _rows_to_commit(record: AnyRecord) -> list[Row]:
    duration = reprompt_after(record.site_id, record.bundle)
    decision, subject = parts_of(record, duration)
    return rows_for(record.site_id, record.record_id, decision, subject, record.recorded_at)


def duration_of(site_id: str, revision: int) -> str:
    """Return how long a choice lasts by one publication of a site, ISO 8601."""
    publication = db.session.get_one(Publication, (site_id, revision))
    duration: str = bundle_of(publication)["reprompt_after"]
    return duration


def following_instant(record: AnyRecord, now: datetime) -> datetime:
    """Return when something is recorded after this and every other record of its subject."""
    latest = record.recorded_at if record.subject is None else _latest(record)[0]
    return max(now, latest + TICK)


def _latest(record: AnyRecord) -> tuple[datetime, int]:
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
