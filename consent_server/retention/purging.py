"""Use case of time: erase what was kept long enough."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import sqlalchemy as sa

from consent_server.columns import FIRST, as_written, rfc3339
from consent_server.consents.models import ConsentRecord, ErasedSubject
from consent_server.db import db, many_pages, writing
from consent_server.erasing.erasedlist import ErasedList
from consent_server.erasing.removal import with_corrections
from consent_server.erasing.restricted import delete_ended, require_readable_ends
from consent_server.erasing.service import erase_overdue
from consent_server.lists import among
from consent_server.parts import do_all
from consent_server.retention.due import BEFORE, EVERY, OLD, STANDING, Page
from consent_server.retention.passed import Old, Overdue, Passed
from consent_server.retention.retries import purge_keys
from consent_server.sites.durations import months, months_before
from consent_server.sites.known import require_readable_sites, site_ids
from consent_server.sites.service import bundle_of, newest_publication
from consent_server.sqlite import ALONE, MANY, pages_of
from consent_server.trail.service import SERVICE, add_line

#: Records looked at, and erased, in one transaction, by engine: a few hundredths of a second. On
#: PostgreSQL nobody waits for it but those whose records they are.
BATCH = {"sqlite": 100, "postgresql": 500}
#: The same where nobody has written for a while: two tenths of a second for the first who comes.
QUIET_BATCH = {"sqlite": 2000, "postgresql": 500}
#: Records looked at in one transaction that erases nothing.
FORESEEN = 1_000
#: No copy of the database is kept longer than the longest retention, and no retry comes later.
MEMORY_MONTHS = 25


@dataclass
class Purged:
    """What a purge erased, or would erase."""

    records: int = 0
    idempotency_keys: int = 0
    #: Remembered erasures, in the list outside the database and of spent consent ids.
    memories: int = 0
    #: Of erased records, which were kept for legal claims to their end.
    restricted_proofs: int = 0
    #: Records that are kept, since it cannot be read when they were made.
    unreadable: int = 0

    def add(self, what: str, counts: Iterable[int]) -> None:
        """Count what comes, as it comes: what comes after it may fail."""
        for count in counts:
            setattr(self, what, getattr(self, what) + count)


def purge(
    now: datetime,
    erased: ErasedList,
    purged: Purged | None = None,
    *,
    is_dry_run: bool = False,
    done: Callable[[int], object] = lambda count: None,
    rest: Callable[[], bool] = lambda: False,
    who: str = SERVICE,
    why: str | None = None,
    gives_way: bool = False,
) -> Purged:
    """Erase every record whose retention is over, and what was kept of erased ones to its end.

    A visitor's records are kept for the site's ``record_retention`` after the last consent event
    (no expiry, no correction), a refusal by nobody as long after itself; of archived sites too.
    Each batch is a transaction: a run goes on where one was stopped. What cannot be purged is told.

    :param now: aware, UTC
    :param purged: counts what was erased, also where this fails
    :param done: told how many records each batch erased; with ``is_dry_run``, would have
    :param rest: lets others write after each batch; whether nobody has for a while (``resting``)
    :param who: whom the trail of each site names that had something to erase, with their ``why``
    :param gives_way: whether a site is left to another process that is purging it
    :source: GDPR Art. 5(1)(e); R089 to R091
    """
    purged, pause = purged or Purged(), partial(_pause, rest)

    def proofs() -> None:  # first: their end was told to visitors
        purged.add("restricted_proofs", delete_ended(now, is_dry_run=is_dry_run, rest=pause))

    def site(site_id: str) -> None:
        passed, cutoff = Passed(site_id, now), months_before(now, retention_months(site_id))
        erased_now = _erased(passed, cutoff, now, who, why, gives_way, pause)
        for count in _foreseen(passed, cutoff) if is_dry_run else erased_now:
            purged.records += count
            done(count)
        purged.unreadable += len(passed.record_ids)
        passed.tell()

    def keys(site_id: str) -> None:
        purged.add("idempotency_keys", purge_keys(site_id, now, pause, is_dry_run=is_dry_run))

    def memories() -> None:
        purged.add("memories", () if is_dry_run else _forgotten(now, erased))

    of_sites = (partial(part, id_) for id_ in _site_ids() for part in (site, keys))
    with many_pages():
        do_all([proofs, *of_sites, memories, require_readable_ends, require_readable_sites])
    return purged


def _pause(rest: Callable[[], bool]) -> bool:
    """Let others write; where nobody has for a while, more may wait for its place in the file."""
    is_quiet = rest()
    pages_of.set(ALONE if is_quiet else MANY)
    return is_quiet


def _site_ids() -> list[str]:
    found = site_ids()
    db.session.rollback()
    return found


def retention_months(site_id: str) -> int:
    """Return how long a site's records are kept after the last consent event, in months."""
    with as_written():
        return months(bundle_of(newest_publication(site_id, archived=True))["record_retention"])


def _foreseen(passed: Passed, cutoff: datetime) -> Iterator[int]:
    """Yield how many records would be erased, page by page."""
    for page in _pages(passed, cutoff, lambda: FORESEEN):
        yield _count(passed, page, cutoff)


def _erased(
    passed: Passed,
    cutoff: datetime,
    now: datetime,
    who: str,
    why: str | None,
    gives_way: bool,
    rest: Callable[[], bool],
) -> Iterator[int]:
    """Erase, and yield how many records that were, page by page; the trail names it once."""
    is_told = is_quiet = False

    def tell() -> None:
        add_line(passed.site_id, who, "purge", now, why, kept_since=rfc3339(cutoff))

    def batch() -> int:
        return (QUIET_BATCH if is_quiet else BATCH)[db.engine.dialect.name]

    for page in _pages(passed, cutoff, batch):
        over = [old for old in page if old.is_over]
        before = bool if is_told else tell
        count = _erase(passed, over, cutoff, now, gives_way, before) if over else 0
        if count is None:
            passed.record_ids.clear()  # whoever purges the site tells of them
            return
        is_told = is_told or count > 0
        yield count
        if count:
            is_quiet = rest()


def _pages(passed: Passed, cutoff: datetime, most: Callable[[], int]) -> Iterator[Page]:
    """Yield the records that are old enough themselves, the oldest first.

    :param passed: finds those between them of which that cannot be read
    :param most: says how many the next page has
    """
    engine = db.engine.dialect.name
    asked = {"of_site": passed.site_id, "cutoff": cutoff}
    since, after, after_id = FIRST, BEFORE[engine], ""
    while True:
        place, connection = {"after": after, "after_id": after_id}, db.session.connection()
        rows = connection.execute(OLD[engine], {**asked, **place, "most": most()})
        page = [Old(*row) for row in rows]
        until = page[-1].recorded_at if page else cutoff
        # On PostgreSQL nothing stands there that is no instant of this calendar.
        if engine == "sqlite":
            standing = connection.scalar(STANDING, {**asked, **place, "until": until})
            if standing != len(page):
                passed.between(since, until)
        db.session.rollback()
        if not page:
            passed.beyond()
            return
        yield passed.leave(page)
        since, after, after_id = page[-1].recorded_at, page[-1].place, page[-1].record_id


def _overdue(passed: Passed, subjects: Collection[str], cutoff: datetime) -> list[Overdue]:
    """Return every record of those subjects that had no consent event since."""
    if not subjects:
        return []
    asked = {"of_site": passed.site_id, "subjects": subjects, "cutoff": cutoff}
    connection = db.session.connection()
    return passed.keep_those(connection.execute(EVERY[connection.dialect.name], asked))


def _erase(
    passed: Passed,
    over: Page,
    cutoff: datetime,
    now: datetime,
    gives_way: bool,
    before: Callable[[], object],
) -> int | None:
    """Erase what is overdue; None where another process does, and it is to be left to that one."""
    subjects = {old.subject for old in over if old.subject is not None}

    def overdue() -> set[str]:
        """Look again: nobody decides anything now."""
        of_nobody = _of_nobody(passed.site_id, over)
        return of_nobody.union(one.record_id for one in _overdue(passed, subjects, cutoff))

    return erase_overdue(passed.site_id, subjects, overdue, now, gives_way, before)


def _of_nobody(site_id: str, over: Page) -> set[str]:
    """Return the records of nobody, without those that correct one that stays: they go with it.

    Of that one it may be that nobody can read whether its time is over.
    """
    found = {old.record_id: old.corrects for old in over if old.subject is None}
    corrected = {corrects for corrects in found.values() if corrects is not None} - found.keys()
    if not corrected:
        return set(found)
    query = sa.select(ConsentRecord.record_id).where(
        ConsentRecord.site_id == site_id, among(ConsentRecord.record_id, corrected)
    )
    there = set(db.session.scalars(query))
    return {record_id for record_id, corrects in found.items() if corrects not in there}


def _count(passed: Passed, page: Page, cutoff: datetime) -> int:
    """Return how many would be erased.

    Whatever there is of a visitor counts with the oldest, and of nobody with what it corrects.
    """
    over = [old for old in page if old.is_over]
    overdue = _overdue(passed, {old.subject for old in over if old.subject is not None}, cutoff)
    subjects = {one.subject for one in overdue}
    seen = _seen_before(passed.site_id, subjects, page[0]) if subjects else set()
    nobodys = with_corrections(passed.site_id, _of_nobody(passed.site_id, over))
    count = sum(one.subject not in seen for one in overdue) + len(nobodys)
    db.session.rollback()
    return count


def _seen_before(site_id: str, subjects: Collection[str], first: Old) -> set[str]:
    """Return the subjects that have a record before the first one of a page."""
    query = sa.select(
        ConsentRecord.subject, ConsentRecord.recorded_at, ConsentRecord.record_id
    ).where(
        ConsentRecord.site_id == site_id,
        among(ConsentRecord.subject, subjects),
        ConsentRecord.recorded_at <= first.recorded_at,
    )
    place = (first.recorded_at, first.record_id)
    rows = db.session.execute(query)
    return {str(row.subject) for row in rows if (row.recorded_at, row.record_id) < place}


def _forgotten(now: datetime, erased: ErasedList) -> Iterator[int]:
    """Forget erasures, and yield how many, of the list and of consent ids."""
    until = months_before(now, MEMORY_MONTHS)
    yield erased.drop_before(until.date())
    with writing():
        old = sa.delete(ErasedSubject).where(ErasedSubject.erased_at <= until)
        done = db.session.connection().execute(old)
        db.session.commit()
    yield done.rowcount
