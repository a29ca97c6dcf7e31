"""Record a decision on a disk that may be full: a yes can wait there, a no cannot."""

from datetime import datetime

import sqlalchemy as sa
import structlog

from consent_server.columns import as_written
from consent_server.consents.answered import Recorded, Request
from consent_server.consents.choices import Decision
from consent_server.consents.errors import StorageFull
from consent_server.consents.records import held_by, record_in_force
from consent_server.consents.service import record_decision
from consent_server.db import db, is_out_of_room
from consent_server.reserve import Reserve
from consent_server.tokens.keyring import KeyRing

log = structlog.get_logger(__name__)


def record_with_reserve(
    site_id: str, request: Request, ring: KeyRing, now: datetime, reserve: Reserve
) -> Recorded:
    """Record a decision, and when the disk is full keep what is left of it for the noes.

    :param now: aware, UTC
    :raises StorageFull: a grant, and there is no room, or not enough to lay the reserve again
    :source: GDPR Art. 7(3): it shall be as easy to withdraw as to give consent
    """
    decision = request.decision
    if decision.grants and reserve.is_out and not _takes_back_alone(site_id, decision, ring):
        raise StorageFull
    try:
        return record_decision(site_id, request, ring, now)
    except sa.exc.OperationalError as error:
        if not is_out_of_room(error):
            raise
        db.session.rollback()
        if reserve.release():
            log.error("storage_full")
        elif not reserve.is_out:
            raise  # there is no reserve
    if decision.grants and not _takes_back_alone(site_id, decision, ring):
        raise StorageFull
    return record_decision(site_id, request, ring, now)


def _takes_back_alone(site_id: str, decision: Decision, ring: KeyRing) -> bool:
    """Whether a decision withdraws some of what is granted, and says yes to nothing new.

    Whoever withdraws one category and keeps another says no, and is not kept waiting either.
    """
    if decision.consent_id is None:
        return False
    with as_written():
        record = record_in_force(site_id, ring.subject(site_id, decision.consent_id))
        held = held_by(record) if record is not None else None
    db.session.rollback()
    if held is None:
        return False
    answers = [
        (id_ in choices and choices[id_].granted, is_yes)
        for choices, wanted in (
            (held.categories, decision.categories),
            (held.services, decision.services),
        )
        for id_, is_yes in wanted.items()
    ]
    return (True, False) in answers and (False, True) not in answers
