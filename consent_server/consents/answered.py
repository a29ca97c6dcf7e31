"""A request to record a decision, what came of it, and what a repeated one is answered."""

from dataclasses import dataclass

import structlog

from consent_server.columns import as_written
from consent_server.consents.choices import Decision
from consent_server.consents.errors import ConsentErased, IdempotencyConflict
from consent_server.consents.models import AnyRecord, IdempotencyKey
from consent_server.consents.records import find_record, held_by, record_in_force
from consent_server.db import db
from consent_server.errors import RowUnreadable, read_at

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Request:
    """One request to record: the decision and what makes its retry harmless."""

    decision: Decision
    #: 22 to 64 characters base64url, chosen by the browser.
    key: str
    #: SHA-256 of the body's canonical JSON, 43 characters.
    body_hash: str


@dataclass(frozen=True)
class Recorded:
    """What came of a request."""

    record: AnyRecord
    #: False when the same request had been answered before.
    is_new: bool
    #: Whether the record is what holds now; if not, no token is given.
    is_in_force: bool


class KeyForgotten(Exception):
    """A purge deleted the key of a request since it was found: the request is a new one."""


def answer_again(site_id: str, request: Request) -> Recorded | None:
    """Answer a request that was answered before; None where that cannot be read, of a no.

    A grant that was overridden since comes back without a token: a late retry must not resurrect
    it in the browser either. A no is recorded once more: a browser that is told to come back later
    keeps every other no behind it waiting.

    :raises RowUnreadable: of a grant, it cannot be read what was answered
    :raises KeyForgotten: nothing is known any more of what was answered
    """
    try:
        with as_written():
            return _answered_before(site_id, request)
    except RowUnreadable as error:
        if request.decision.grants:
            raise
        log.error("record_unreadable", site=site_id, **read_at(error))
    return None


def _answered_before(site_id: str, request: Request) -> Recorded:
    answered = db.session.get(IdempotencyKey, (site_id, request.key))
    if answered is None:
        raise KeyForgotten
    if answered.body_hash != request.body_hash:
        raise IdempotencyConflict
    record = find_record(site_id, answered.record_id)
    if record is None:  # erased since the key was read
        raise ConsentErased
    held_by(record)  # what cannot be read cannot be told either
    if record.bundle != request.decision.bundle:
        raise RowUnreadable
    is_in_force = not record.superseded
    if record.subject is not None:
        in_force = record_in_force(site_id, record.subject)
        is_in_force = in_force is not None and in_force.record_id == record.record_id
    db.session.rollback()
    return Recorded(record, is_new=False, is_in_force=is_in_force)
