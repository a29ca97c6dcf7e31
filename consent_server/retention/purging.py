"""Use case of time: erase what was kept long enough."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from consent_server.consents.models import ConsentRecord, ErasedSubject, IdempotencyKey
from consent_server.db import db, rfc3339, writing
from consent_server.erasing.erasedlist import ErasedList
from consent_server.erasing.service import erase_overdue
from consent_server.sites.durations import months, months_before
from consent_server.sites.models import Site
from consent_server.sites.service import bundle_of, newest_publication
from consent_server.trail.service import SERVICE, leave_line

#: Records looked at, and erased, in one transaction: a few hundredths of a second.
BATCH = 100
#: Idempotency keys looked at in one transaction.
KEYS = 2_000
#: A retry comes within a day.
KEY_LIFE = timedelta(hours=24)
#: No copy of the database is kept longer than the longest retention, and no retry comes later.
MEMORY_MONTHS = 25

Position = tuple[datetime, str]


@dataclass
class Purged:
    """What a purge erased, or would erase."""

    records: int = 0
    idempotency_keys: int = 0
    #: Remembered erasures, in the list outside the database and of spent consent ids.
    memories: int = 0


def purge(
    now: datetime,
    erased: ErasedList,
    *,
    is_dry_run: bool = False,
    done: Callable[[int], object] = lambda count: None,
    rest: Callable[[], None] = lambda: None,
    who: str = SERVICE,
    why: str | None = None,
) -> Purged:
    """Erase every record whose retention is over, and forget what only retries needed.

    A visitor's records are kept for the site's ``record_retention`` after the last consent event;
    an expiry and a correction are none. A refusal by nobody is kept as long after itself. Archived
    sites are purged like others. Repeatable, and safe to be stopped at any point: each batch is a
    transaction of its own, and the next run goes on with what is left.

    :param now: aware, UTC
    :param is_dry_run: count, and change nothing
    :param done: told how many records each batch erased
    :param rest: lets others write, after each batch that did; SQLite's do not wait in a row
    :param who: whom the trail of each site names that had something to erase
    :param why: their reason, as the trail keeps it
    :source: GDPR Art. 5(1)(e); R089 to R091
    """
    purged = Purged()
    site_ids = list(db.session.scalars(sa.select(Site.id).order_by(Site.id)))
    db.session.rollback()
    for site_id in site_ids:
        cutoff = months_before(now, retention_months(site_id))
        db.session.rollback()
        seen: set[str] = set()
        is_told = False
        for page in _pages(site_id, cutoff):
            if is_dry_run:
                count = _count(site_id, page, cutoff, seen)
            else:
                if not is_told and _count(site_id, page, cutoff, set()):
                    leave_line(site_id, who, "purge", now, why, kept_since=rfc3339(cutoff))
                    is_told = True
                count = _erase(site_id, page, cutoff, now)
            purged.records += count
            done(count)
            if count and not is_dry_run:
                rest()
    purged.idempotency_keys = _purge_keys(now - KEY_LIFE, is_dry_run)
    if not is_dry_run:
        purged.memories = _forget(months_before(now, MEMORY_MONTHS), erased)
    return purged


def retention_months(site_id: str) -> int:
    """Return how long a site's records are kept after the last consent event, in months."""
    return months(bundle_of(newest_publication(site_id, archived=True))["record_retention"])


def _pages(site_id: str, cutoff: datetime) -> Iterator[Sequence[tuple[str, str | None]]]:
    """Yield id and subject of the records that are old enough themselves, the oldest first."""
    after: Position | None = None
    while True:
        query = sa.select(
            ConsentRecord.record_id, ConsentRecord.subject, ConsentRecord.recorded_at
        ).where(ConsentRecord.site_id == site_id, ConsentRecord.recorded_at <= cutoff)
        if after is not None:
            bound = (
                sa.literal(after[0], ConsentRecord.recorded_at.type),
                sa.literal(after[1], ConsentRecord.record_id.type),
            )
            place = sa.tuple_(ConsentRecord.recorded_at, ConsentRecord.record_id)
            query = query.where(place > sa.tuple_(*bound))
        query = query.order_by(ConsentRecord.recorded_at, ConsentRecord.record_id).limit(BATCH)
        rows = db.session.execute(query).all()
        db.session.rollback()
        if not rows:
            return
        yield [(row.record_id, row.subject) for row in rows]
        after = (rows[-1].recorded_at, rows[-1].record_id)


def _overdue_subjects(site_id: str, subjects: Collection[str], cutoff: datetime) -> set[str]:
    """Return the subjects that had no consent event since."""
    since = sa.select(ConsentRecord.subject).where(
        ConsentRecord.site_id == site_id,
        ConsentRecord.subject.in_(subjects),
        ConsentRecord.recorded_at > cutoff,
        ConsentRecord.event != "expired",
        ConsentRecord.corrects.is_(None),
    )
    return set(subjects) - set(db.session.scalars(since.distinct()))


def _erase(
    site_id: str, page: Sequence[tuple[str, str | None]], cutoff: datetime, now: datetime
) -> int:
    of_nobody = {record_id for record_id, subject in page if subject is None}
    subjects = _overdue_subjects(site_id, {subject for _, subject in page if subject}, cutoff)
    db.session.rollback()
    if not subjects and not of_nobody:
        return 0

    def overdue() -> set[str]:
        """Look again: nobody decides anything now."""
        over = _overdue_subjects(site_id, subjects, cutoff)
        query = sa.select(ConsentRecord.record_id).where(
            ConsentRecord.site_id == site_id, ConsentRecord.subject.in_(over)
        )
        return of_nobody | set(db.session.scalars(query))

    return erase_overdue(site_id, subjects, overdue, now)


def _count(
    site_id: str, page: Sequence[tuple[str, str | None]], cutoff: datetime, seen: set[str]
) -> int:
    new = {subject for _, subject in page if subject} - seen
    over = _overdue_subjects(site_id, new, cutoff)
    seen |= new
    query = sa.select(sa.func.count()).where(
        ConsentRecord.site_id == site_id, ConsentRecord.subject.in_(over)
    )
    count = db.session.scalar(query) or 0
    db.session.rollback()
    return count + sum(subject is None for _, subject in page)


def _purge_keys(until: datetime, is_dry_run: bool) -> int:
    """Delete the idempotency keys that no retry will bring again; return how many."""
    count = 0
    after = ("", "")
    key = sa.tuple_(IdempotencyKey.site_id, IdempotencyKey.key)
    columns = (IdempotencyKey.site_id, IdempotencyKey.key, IdempotencyKey.added_at)
    while True:
        query = sa.select(*columns).where(key > sa.tuple_(*map(sa.literal, after)))
        rows = db.session.execute(query.order_by(*columns[:2]).limit(KEYS)).all()
        db.session.rollback()
        if not rows:
            return count
        after = (rows[-1].site_id, rows[-1].key)
        old = [(row.site_id, row.key) for row in rows if row.added_at <= until]
        count += len(old)
        if old and not is_dry_run:
            with writing():
                db.session.execute(sa.delete(IdempotencyKey).where(key.in_(old)))
                db.session.commit()


def _forget(until: datetime, erased: ErasedList) -> int:
    count = erased.drop_before(until.date())
    with writing():
        old = sa.delete(ErasedSubject).where(ErasedSubject.erased_at <= until)
        count += db.session.connection().execute(old).rowcount
        db.session.commit()
    return count
