"""What the database itself remembers of erasures: how far a list is done, and spent counters."""

from collections.abc import Mapping
from datetime import datetime

from consent_server.consents.models import ErasedSubject
from consent_server.db import db
from consent_server.log.models import ErasureMark


def mark_of(list_id: str) -> int:
    """Return the number of the last line of a list that is done in this database; 0 for none."""
    mark = db.session.get(ErasureMark, list_id, populate_existing=True)
    return mark.number if mark is not None else 0


def set_mark(list_id: str, number: int) -> None:
    """Say that a list is done up to a line; never less than before. The caller commits."""
    if mark_of(list_id) < number:
        db.session.merge(ErasureMark(list_id=list_id, number=number))
        db.session.flush()


def remember_subjects(site_id: str, subjects: Mapping[str, int], now: datetime) -> None:
    """Let no decision of these subjects come back up to its counter; the caller commits.

    :param subjects: digest of a subject → the highest counter among its erased decisions
    """
    for digest, n in subjects.items():
        known = db.session.get(ErasedSubject, (site_id, digest), populate_existing=True)
        highest = max(n, known.n) if known is not None else n
        db.session.merge(ErasedSubject(site_id=site_id, digest=digest, n=highest, erased_at=now))
    db.session.flush()
