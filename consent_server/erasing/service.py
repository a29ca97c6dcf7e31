"""Use case of erasure: remove what is held about somebody, so that no copy brings it back."""

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from consent_server.columns import END_OF_TIME
from consent_server.consents.models import ConsentRecord
from consent_server.db import db, lock_for_writing, writing
from consent_server.erasing.erasedlist import ErasedList, Line
from consent_server.erasing.marks import mark_of, remember_subjects, set_mark
from consent_server.erasing.removal import lock_subjects, remove, take_turn, with_corrections
from consent_server.erasing.replay import replay
from consent_server.erasing.restricted import Terms, keep
from consent_server.errors import RowUnreadable
from consent_server.ledger.entries import Reason
from consent_server.lists import among


class Gone(NamedTuple):
    """What an erasure did."""

    #: How many records it removed.
    records: int
    #: Of how many of them a sealed proof is kept.
    proofs: int = 0


def erase_subject(
    site_id: str,
    subject: str,
    reason: Reason,
    now: datetime,
    erased: ErasedList,
    up_to: int = 0,
    terms: Terms | None = None,
) -> Gone:
    """Erase every record of a subject, and what corrects them.

    Effective when this returns: data, opening keys and links are gone, the tombstones are queued,
    and no decision of this subject up to the last one erased is taken any more, nor one that was on
    its way. A process that dies leaves all of it undone, or to be done by the next :func:`replay`.

    :param subject: the pseudonym, see :meth:`KeyRing.subject`
    :param now: aware, UTC
    :param up_to: the highest counter that was given to a decision, arrived here or not
    :param terms: on which a sealed proof of each record is kept
    :raises ErasedListUnusable: what is erased could not be remembered
    :source: GDPR Art. 17(1)(b)
    """

    def own() -> set[str]:
        query = sa.select(ConsentRecord.record_id).where(
            ConsentRecord.site_id == site_id, ConsentRecord.subject == subject
        )
        return set(db.session.scalars(query))

    while True:
        replay(erased, now)
        with erased.held():
            list_id, last = erased.position()
            if mark_of(list_id) < last:
                continue  # another process listed one just now, and died
            with writing():
                return _erase(site_id, [subject], own, reason, now, erased, up_to, terms)


def erase_overdue(
    site_id: str,
    subjects: Collection[str],
    overdue: Callable[[], Collection[str]],
    now: datetime,
    gives_way: bool = False,
    before: Callable[[], object] = bool,
) -> int | None:
    """Erase records whose time is over; return how many.

    One process at a time does so for a site. They are not listed outside the database: in a
    restored copy their time is over again.

    :param subjects: that the records may be of; none of them decides anything meanwhile
    :param overdue: names the records, asked when that is so
    :param gives_way: whether to do nothing and return None where another process is at it
    :param before: writes what is to be there together with the erasure, where there is one
    :param now: aware, UTC
    :source: GDPR Art. 5(1)(e), storage limitation
    """
    with writing():
        if not take_turn(site_id, waits=not gives_way):
            db.session.rollback()
            return None
        return _erase(site_id, subjects, overdue, "retention", now, before=before).records


def _erase(
    site_id: str,
    subjects: Collection[str],
    choose: Callable[[], Collection[str]],
    reason: Reason,
    now: datetime,
    erased: ErasedList | None = None,
    up_to: int = 0,
    terms: Terms | None = None,
    before: Callable[[], object] = bool,
) -> Gone:
    """Erase within the transaction that is open for writing, and commit it."""
    lock_subjects(site_id, subjects)
    lock_for_writing("log", site_id)
    record_ids = with_corrections(site_id, choose())
    if not record_ids:
        db.session.rollback()
        return Gone(0)
    proofs = keep(site_id, record_ids, terms) if terms is not None else 0
    before()
    at = _erased_at(site_id, record_ids, now) if erased else now
    line = _line(site_id, record_ids, reason, at, erased, up_to) if erased else None
    count = remove(site_id, record_ids, reason, now)
    if erased is not None and line is not None:
        remember_subjects(site_id, {who: (n, at) for who, n in line.subjects.items()})
        list_id, last = erased.position()
        number = max(last, mark_of(list_id)) + 1
        set_mark(list_id, number)
        erased.append(number, line)  # the last step: what is on this list will be done
    db.session.commit()
    return Gone(count, proofs)


def _erased_at(site_id: str, record_ids: Collection[str], now: datetime) -> datetime:
    """Return as of when it is remembered that records are erased: never before they were made.

    By a clock that was set back it would be forgotten while copies have them that are to be kept.
    """
    at = ConsentRecord.recorded_at
    latest = sa.select(sa.func.max(at)).where(
        ConsentRecord.site_id == site_id, among(ConsentRecord.record_id, record_ids)
    )
    with suppress(RowUnreadable):
        return max(now, db.session.scalar(latest.where(at < END_OF_TIME)) or now)
    return now


def _line(
    site_id: str,
    record_ids: Collection[str],
    reason: Reason,
    at: datetime,
    erased: ErasedList,
    up_to: int,
) -> Line:
    """Return what is remembered of the records that are about to go."""
    counters = db.session.execute(
        sa.select(ConsentRecord.subject, sa.func.max(ConsentRecord.n))
        .where(ConsentRecord.site_id == site_id, among(ConsentRecord.record_id, record_ids))
        .group_by(ConsentRecord.subject)
    )
    subjects = {
        erased.digest(site_id, subject): max(n or 0, up_to)
        for subject, n in counters
        if subject is not None
    }
    records = tuple(sorted(erased.digest(site_id, id_) for id_ in record_ids))
    return Line(site_id, reason, at.date(), records, subjects)
