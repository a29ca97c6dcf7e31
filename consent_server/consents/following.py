"""The record that follows what a visitor decided before, also where that cannot be read."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog

from consent_server.columns import END_OF_TIME, as_written
from consent_server.consents.choices import Decision, question_of
from consent_server.consents.deciding import decide
from consent_server.consents.models import ConsentRecord, NewRecord
from consent_server.consents.records import TICK, decided_record, next_record
from consent_server.db import db
from consent_server.errors import RowUnreadable, read_at
from consent_server.sites.models import Publication

log = structlog.get_logger(__name__)


def following_record(
    publication: Publication,
    decision: Decision,
    subject: str | None,
    now: datetime,
    *,
    is_first: bool,
) -> NewRecord:
    """Build the record that follows what is in force for the subject (``records.next_record``).

    Where a record of the subject was changed so that it cannot be read, a yes waits until it can:
    it is not known what held, nor whether a no came since. A no is taken all the same, for nothing
    may come between a visitor and a no.

    :raises ConsentError: the decision contradicts itself or the bundle (``consents.errors``)
    :raises RowUnreadable: a grant, and a record that it would follow cannot be read
    """
    try:
        with as_written():
            return next_record(publication, decision, subject, now, is_first=is_first)
    except RowUnreadable as error:
        if decision.grants or subject is None:
            raise
        log.error("record_unreadable", site=publication.site_id, **read_at(error))
    return _no_after_unreadable(publication, decision, subject, now)


def _no_after_unreadable(
    publication: Publication, decision: Decision, subject: str, now: datetime
) -> NewRecord:
    """Build the record of a no as that of one of whom nothing is known.

    It is a no to everything, since what would be kept of earlier grants is not known, and in force
    whatever its counter, since what it would give way to is not known either. It names the record
    that it follows, if the id at least can be read.
    """
    noes = dict.fromkeys(question_of(publication).optional, False)
    complete = replace(decision, categories={**noes, **decision.categories})
    previous, latest = _last_readable(publication.site_id, subject)
    if latest is not None:  # a clock that was set back must not put it before what it ends
        now = max(now, latest + TICK)
    outcome = decide(question_of(publication), complete, None, now)
    return decided_record(
        publication, decision, outcome, subject, now, previous=previous, superseded=False
    )


def _last_readable(site_id: str, subject: str) -> tuple[str | None, datetime | None]:
    """Return the id of the record in force and the last instant; None for what cannot be read."""
    at, of_subject = ConsentRecord.recorded_at, ConsentRecord.subject == subject
    theirs = ConsentRecord.site_id == site_id, of_subject
    in_force = sa.select(ConsentRecord.record_id).where(
        *theirs, ConsentRecord.superseded == sa.false()
    )
    latest = sa.select(sa.func.max(at)).where(*theirs, at < END_OF_TIME)
    return _read(in_force.order_by(at.desc()).limit(1)), _read(latest)


def _read(query: sa.Select[Any]) -> Any:
    try:
        return db.session.scalar(query)
    except RowUnreadable:
        return None
