"""Use case of time: erase what was kept long enough."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import sqlalchemy as sa

from consent_server.columns import as_written, rfc3339
from consent_server.consents.models import ConsentRecord, ErasedSubject
from consent_server.db import db, writing
from consent_server.erasing.erasedlist import ErasedList
from consent_server.erasing.removal import with_corrections
from consent_server.erasing.restricted import delete_ended
from consent_server.erasing.service import erase_overdue
from consent_server.lists import among
from consent_server.parts import do_all
from consent_server.retention.retries import purge_keys
from consent_server.sites.durations import months, months_before
from consent_server.sites.models import Site
from consent_server.sites.service import bundle_of, newest_publication
from consent_server.trail.service import SERVICE, add_line

#: Records looked at, and erased, in one transaction, by engine: a few hundredths of a second. On
#: PostgreSQL nobody waits for it but those whose records they are.
BATCH = {"sqlite": 100, "postgresql": 500}
#: The same where nobody has written for a while: a tenth of a second for the first who comes.
QUIET_BATCH = {"sqlite": 500, "postgresql": 500}
#: Records looked at in one transaction that erases nothing.
FORESEEN = 1_000
#: No copy of the database is kept longer than the longest retention, and no retry comes later.
MEMORY_MONTHS = 25


class Old(NamedTuple):
    """A record that is old enough itself to be erased."""

    record_id: str
    subject: str | None
    recorded_at: datetime
    corrects: str | None
    #: Whether its visitor had no consent event since; of nobody there is none.
    is_over: bool
    #: ``recorded_at`` as the driver has it. What is read of a row that somebody changed may be
    #: another instant, after which the same row would come again, for ever.
    place: Any


Page = Sequence[Old]

_RECORDS = ConsentRecord.__table__
_LATER = _RECORDS.alias("later")
#: Something where the visitor of a record had a consent event after the cutoff. Looked for record
#: by record: of an EXISTS, PostgreSQL may think to read all that is younger first.
SINCE = (
    sa.select(sa.literal(1))
    .where(
        _LATER.c.site_id == sa.bindparam("of_site"),
        _LATER.c.subject == _RECORDS.c.subject,
        _LATER.c.recorded_at > sa.bindparam("cutoff"),
        _LATER.c.event != "expired",
        _LATER.c.corrects.is_(None),
    )
    .limit(1)
    .scalar_subquery()
)
#: The records of a site that are old enough, the oldest first.
OLD = (
    sa.select(
        _RECORDS.c.record_id,
        _RECORDS.c.subject,
        _RECORDS.c.recorded_at,
        _RECORDS.c.corrects,
        SINCE.is_(None).label("is_over"),
        sa.type_coerce(_RECORDS.c.recorded_at, sa.types.NullType()).label("place"),
    )
    .where(
        _RECORDS.c.site_id == sa.bindparam("of_site"),
        _RECORDS.c.recorded_at <= sa.bindparam("cutoff"),
        sa.tuple_(_RECORDS.c.recorded_at, _RECORDS.c.record_id)
        > sa.tuple_(
            sa.bindparam("after", type_=sa.types.NullType()),
            sa.bindparam("after_id", type_=_RECORDS.c.record_id.type),
        ),
    )
    .order_by(_RECORDS.c.recorded_at, _RECORDS.c.record_id)
    .limit(sa.bindparam("most"))
)
#: Every record of some subjects of a site that had no consent event since.
OVERDUE = sa.select(_RECORDS.c.record_id).where(
    _RECORDS.c.site_id == sa.bindparam("of_site"),
    among(_RECORDS.c.subject, "subjects"),
    SINCE.is_(None),
)
#: Before the instant of every record, as the driver of each engine has it.
FIRST: dict[str, Any] = {"sqlite": "", "postgresql": datetime(1970, 1, 1, tzinfo=UTC)}


@dataclass
class Purged:
    """What a purge erased, or would erase."""

    records: int = 0
    idempotency_keys: int = 0
    #: Remembered erasures, in the list outside the database and of spent consent ids.
    memories: int = 0
    #: Of erased records, which were kept for legal claims to their end.
    restricted_proofs: int = 0

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
    (no expiry, no correction), a refusal by nobody as long after itself; those of archived sites
    too. Each batch is a transaction of its own: a run goes on with what one left that was stopped.
    What cannot be purged keeps nothing else waiting, and is told at the end.

    :param now: aware, UTC
    :param purged: counts what was erased, also where this fails
    :param is_dry_run: count, and change nothing
    :param done: told how many records each batch erased
    :param rest: lets others write after each batch; whether nobody has for a while (``resting``)
    :param who: whom the trail of each site names that had something to erase
    :param why: their reason, as the trail keeps it
    :param gives_way: whether a site is left to another process that is purging it
    :source: GDPR Art. 5(1)(e); R089 to R091
    """
    purged = purged or Purged()

    def proofs() -> None:
        purged.add("restricted_proofs", delete_ended(now, is_dry_run=is_dry_run, rest=rest))

    def site(site_id: str) -> None:
        cutoff = months_before(now, retention_months(site_id))
        erased_now = _erased(site_id, cutoff, now, who, why, gives_way, rest)
        for count in _foreseen(site_id, cutoff) if is_dry_run else erased_now:
            purged.records += count
            done(count)

    def keys(site_id: str) -> None:
        purged.add("idempotency_keys", purge_keys(site_id, now, rest, is_dry_run=is_dry_run))

    def memories() -> None:
        purged.add("memories", () if is_dry_run else _forgotten(now, erased))

    of_sites = (partial(part, id_) for id_ in _site_ids() for part in (site, keys))
    do_all([proofs, *of_sites, memories])  # first the proofs: their end was told to visitors
    return purged


def _site_ids() -> list[str]:
    found = list(db.session.scalars(sa.select(Site.id).order_by(Site.id)))
    db.session.rollback()
    return found


def retention_months(site_id: str) -> int:
    """Return how long a site's records are kept after the last consent event, in months."""
    with as_written():
        return months(bundle_of(newest_publication(site_id, archived=True))["record_retention"])


def _foreseen(site_id: str, cutoff: datetime) -> Iterator[int]:
    """Yield how many records would be erased, page by page."""
    for page in _pages(site_id, cutoff, lambda: FORESEEN):
        yield _count(site_id, page, cutoff)


def _erased(
    site_id: str,
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
        add_line(site_id, who, "purge", now, why, kept_since=rfc3339(cutoff))

    def batch() -> int:
        return (QUIET_BATCH if is_quiet else BATCH)[db.engine.dialect.name]

    for page in _pages(site_id, cutoff, batch):
        over = [old for old in page if old.is_over]
        before = bool if is_told else tell
        count = _erase(site_id, over, cutoff, now, gives_way, before) if over else 0
        if count is None:
            return
        is_told = is_told or count > 0
        yield count
        if count:
            is_quiet = rest()


def _pages(site_id: str, cutoff: datetime, most: Callable[[], int]) -> Iterator[Page]:
    """Yield the records that are old enough themselves, the oldest first.

    :param most: says how many the next page has
    """
    asked = {"of_site": site_id, "cutoff": cutoff}
    after, after_id = FIRST[db.engine.dialect.name], ""
    while True:
        place = {"after": after, "after_id": after_id, "most": most()}
        rows = db.session.connection().execute(OLD, {**asked, **place})
        page = [Old(*row) for row in rows]
        db.session.rollback()
        if not page:
            return
        yield page
        after, after_id = page[-1].place, page[-1].record_id


def _overdue(site_id: str, subjects: Collection[str], cutoff: datetime) -> Sequence[str]:
    """Return the ids of every record of those subjects that had no consent event since."""
    asked = {"of_site": site_id, "subjects": subjects, "cutoff": cutoff}
    return db.session.connection().execute(OVERDUE, asked).scalars().all()


def _erase(
    site_id: str,
    over: Page,
    cutoff: datetime,
    now: datetime,
    gives_way: bool,
    before: Callable[[], object],
) -> int | None:
    """Erase what is overdue; None where another process does, and it is to be left to that one."""
    of_nobody = {old.record_id for old in over if old.subject is None}
    subjects = {old.subject for old in over if old.subject is not None}

    def overdue() -> set[str]:
        """Look again: nobody decides anything now."""
        return of_nobody.union(_overdue(site_id, subjects, cutoff))

    return erase_overdue(site_id, subjects, overdue, now, gives_way, before)


def _count(site_id: str, page: Page, cutoff: datetime) -> int:
    """Return how many would be erased.

    Whatever there is of a visitor counts with the oldest, and of nobody with what it corrects.
    """
    over = [old for old in page if old.is_over]
    subjects = {old.subject for old in over if old.subject is not None}
    if subjects:
        subjects -= _seen_before(site_id, subjects, page[0])
    of_nobody = {old.record_id for old in over if old.subject is None and old.corrects is None}
    count = len(_overdue(site_id, subjects, cutoff)) + len(with_corrections(site_id, of_nobody))
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
