"""Use case of time: erase what was kept long enough."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
import sqlalchemy.orm as so

from consent_server.consents.models import ConsentRecord, ErasedSubject, IdempotencyKey
from consent_server.db import db, rfc3339, writing
from consent_server.erasing.erasedlist import ErasedList
from consent_server.erasing.removal import among
from consent_server.erasing.service import erase_overdue
from consent_server.sites.durations import months, months_before
from consent_server.sites.models import Site
from consent_server.sites.service import bundle_of, newest_publication
from consent_server.trail.service import SERVICE, leave_line

#: Records looked at, and erased, in one transaction, by engine: a few hundredths of a second. On
#: PostgreSQL nobody waits for it but those whose records they are.
BATCH = {"sqlite": 100, "postgresql": 500}
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
    gives_way: bool = False,
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
    :param gives_way: whether a site is left to another process that is purging it
    :source: GDPR Art. 5(1)(e); R089 to R091
    """
    purged = Purged()
    site_ids = list(db.session.scalars(sa.select(Site.id).order_by(Site.id)))
    db.session.rollback()
    for site_id in site_ids:
        cutoff = months_before(now, retention_months(site_id))
        db.session.rollback()
        if is_dry_run:
            counts = _foreseen(site_id, cutoff)
        else:
            counts = _erased(site_id, cutoff, now, who, why, gives_way)
        for count in counts:
            purged.records += count
            done(count)
            if count and not is_dry_run:
                rest()
    purged.idempotency_keys = _purge_keys(now - KEY_LIFE, rest, is_dry_run)
    if not is_dry_run:
        purged.memories = _forget(months_before(now, MEMORY_MONTHS), erased)
    return purged


def retention_months(site_id: str) -> int:
    """Return how long a site's records are kept after the last consent event, in months."""
    return months(bundle_of(newest_publication(site_id, archived=True))["record_retention"])


def _foreseen(site_id: str, cutoff: datetime) -> Iterator[int]:
    """Yield how many records would be erased, page by page."""
    seen: set[str] = set()
    for page in _pages(site_id, cutoff):
        yield _count(site_id, page, cutoff, seen)


def _erased(
    site_id: str, cutoff: datetime, now: datetime, who: str, why: str | None, gives_way: bool
) -> Iterator[int]:
    """Erase, and yield how many records that were, page by page; the trail names it once."""
    is_told = False
    for page in _pages(site_id, cutoff):
        if not is_told and _count(site_id, page, cutoff, set()):
            leave_line(site_id, who, "purge", now, why, kept_since=rfc3339(cutoff))
            is_told = True
        count = _erase(site_id, page, cutoff, now, gives_way)
        if count is None:
            return
        yield count


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
        query = query.order_by(ConsentRecord.recorded_at, ConsentRecord.record_id)
        rows = db.session.execute(query.limit(BATCH[db.engine.dialect.name])).all()
        db.session.rollback()
        if not rows:
            return
        yield [(row.record_id, row.subject) for row in rows]
        after = (rows[-1].recorded_at, rows[-1].record_id)


def _overdue(site_id: str, subjects: Collection[str], cutoff: datetime) -> list[tuple[str, str]]:
    """Return id and subject of every record of those subjects that had no consent event since."""
    later = so.aliased(ConsentRecord)
    since = sa.exists().where(
        later.site_id == site_id,
        later.subject == ConsentRecord.subject,
        later.recorded_at > cutoff,
        later.event != "expired",
        later.corrects.is_(None),
    )
    query = sa.select(ConsentRecord.record_id, ConsentRecord.subject).where(
        ConsentRecord.site_id == site_id, among(ConsentRecord.subject, subjects), ~since
    )
    return [(row.record_id, str(row.subject)) for row in db.session.execute(query)]


def _erase(
    site_id: str,
    page: Sequence[tuple[str, str | None]],
    cutoff: datetime,
    now: datetime,
    gives_way: bool,
) -> int | None:
    """Erase what is overdue; None where another process does, and it is to be left to that one."""
    of_nobody = {record_id for record_id, subject in page if subject is None}
    over = _overdue(site_id, {subject for _, subject in page if subject}, cutoff)
    db.session.rollback()
    subjects = {subject for _, subject in over}
    if not subjects and not of_nobody:
        return 0

    def overdue() -> set[str]:
        """Look again: nobody decides anything now."""
        return of_nobody | {id_ for id_, _ in _overdue(site_id, subjects, cutoff)}

    return erase_overdue(site_id, subjects, overdue, now, gives_way)


def _count(
    site_id: str, page: Sequence[tuple[str, str | None]], cutoff: datetime, seen: set[str]
) -> int:
    new = {subject for _, subject in page if subject} - seen
    count = len(_overdue(site_id, new, cutoff))
    seen |= new
    db.session.rollback()
    return count + sum(subject is None for _, subject in page)


def _purge_keys(until: datetime, rest: Callable[[], None], is_dry_run: bool) -> int:
    """Delete the idempotency keys that no retry will bring again; return how many."""
    count = 0
    columns = (IdempotencyKey.site_id, IdempotencyKey.key)
    key = sa.tuple_(*columns)
    after: tuple[str, str] | None = ("", "")
    while after is not None:
        rest_of_them = key > sa.tuple_(*map(sa.literal, after))
        ends = sa.select(*columns).where(rest_of_them).order_by(*columns).offset(KEYS - 1).limit(1)
        last = db.session.execute(ends).first()
        after = (last.site_id, last.key) if last is not None else None
        here = rest_of_them & (IdempotencyKey.added_at <= until)
        if after is not None:
            here &= key <= sa.tuple_(*map(sa.literal, after))
        found = sa.select(sa.func.count()).select_from(IdempotencyKey).where(here)
        old = db.session.scalar(found) or 0
        db.session.rollback()
        count += old
        if old and not is_dry_run:
            with writing():
                db.session.execute(sa.delete(IdempotencyKey).where(here))
                db.session.commit()
            rest()
    return count


def _forget(until: datetime, erased: ErasedList) -> int:
    count = erased.drop_before(until.date())
    with writing():
        old = sa.delete(ErasedSubject).where(ErasedSubject.erased_at <= until)
        count += db.session.connection().execute(old).rowcount
        db.session.commit()
    return count
