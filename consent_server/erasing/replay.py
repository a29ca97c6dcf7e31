"""Erase again what a restored copy of the database has again."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

import sqlalchemy as sa

from consent_server import rowscope
from consent_server.consents.models import ConsentRecord
from consent_server.db import db, lock_for_writing, writing
from consent_server.erasing.erasedlist import ErasedList, Line
from consent_server.erasing.marks import mark_of, remember_subjects, set_mark
from consent_server.erasing.removal import MOST, lock_subjects, remove, with_corrections
from consent_server.erasing.underway import wait_for_those_underway
from consent_server.ledger.entries import Reason
from consent_server.parts import do_all
from consent_server.sites.known import require_readable_sites, site_ids

#: Records looked at in one transaction.
PAGE = 2_000


def replay(erased: ErasedList, now: datetime, *, is_thorough: bool = False) -> int:
    """Erase what the list names and the database has; return how many records that were.

    Costs one query where there is nothing to do: the database tells how far the list is done in it,
    and a restored copy tells less than the list has. It also ends an erasure that had reached the
    list, and not the database, when its process died.

    Whoever asks, it is done for every site: the list is done as a whole, or it is not done. A site
    that fails keeps no other waiting; it is told when they are done.

    :param now: aware, UTC
    :param is_thorough: look for every line of the list, done or not
    :raises ErasedListUnusable: the list cannot be read
    """
    with rowscope.every_site():
        return _done(erased, now, is_thorough)


def _done(erased: ErasedList, now: datetime, is_thorough: bool) -> int:
    # Whoever holds the list waits for whoever writes, and with SQLite's rollback journal the writer
    # waits for every reader: one who read, and then waits for the list, would end the circle.
    db.session.rollback()
    with erased.held():
        list_id, last = erased.position()
        mark = mark_of(list_id)
        db.session.rollback()
        if mark >= last and not is_thorough:
            return 0
        lines = erased.lines(0 if is_thorough else mark)
    sites = site_ids()
    db.session.rollback()
    count = 0

    def replay_site(site_id: str) -> None:
        nonlocal count
        own = [line for line in lines if line.site_id == site_id]
        if own:
            with rowscope.one_site(site_id):
                count += _replay(site_id, own, erased, now)

    # Of a site that nobody can look at it is not done, so it is not said to be.
    do_all([*(partial(replay_site, site_id) for site_id in sites), require_readable_sites])
    with writing():
        set_mark(list_id, last)
        db.session.commit()
    return count


def _replay(site_id: str, lines: Sequence[Line], erased: ErasedList, now: datetime) -> int:
    reasons = {digest: line.reason for line in lines for digest in line.records}
    spent: dict[str, tuple[int, Reason]] = {}
    days: dict[str, date] = {}
    for line in lines:
        for digest, highest in line.subjects.items():
            spent[digest] = max(spent.get(digest, (0, line.reason)), (highest, line.reason))
            days[digest] = max(days.get(digest, line.day), line.day)
    with writing():
        # As of the day on which it was erased: to do it again is no reason to remember it longer.
        known = {digest: (n, _end_of(days[digest])) for digest, (n, _) in spent.items()}
        remember_subjects(site_id, known)
        db.session.commit()
    wait_for_those_underway()  # who decides from here on knows it, and they may not
    count = 0
    for page in _pages(site_id):
        found: dict[Reason, dict[str, str | None]] = {}
        for record_id, subject, n in page:
            reason = reasons.get(erased.digest(site_id, record_id))
            if reason is None and subject is not None and n is not None:
                # It came again, to a copy that did not know yet that it was erased.
                highest, why = spent.get(erased.digest(site_id, subject), (-1, None))
                reason = why if n <= highest else None
            if reason is not None:
                found.setdefault(reason, {})[record_id] = subject
        for reason, subjects in found.items():
            count += erase_again(site_id, subjects, reason, now)
    return count


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(days=1)


def erase_again(
    site_id: str, subjects: Mapping[str, str | None], reason: Reason, now: datetime
) -> int:
    """Erase records, and what corrects them, a few at a time; return how many.

    :param subjects: record id → its subject
    :param now: aware, UTC
    """
    record_ids = sorted(subjects)
    count = 0
    for at in range(0, len(record_ids), MOST):
        some = record_ids[at : at + MOST]
        with writing():
            lock_subjects(site_id, {found for id_ in some if (found := subjects[id_])})
            lock_for_writing("log", site_id)
            count += remove(site_id, with_corrections(site_id, some), reason, now)
            db.session.commit()
    return count


def _pages(site_id: str) -> Iterator[list[tuple[str, str | None, int | None]]]:
    """Yield id, subject and counter of every record; the database is free between two pages."""
    after = ""
    while True:
        query = (
            sa.select(ConsentRecord.record_id, ConsentRecord.subject, ConsentRecord.n)
            .where(ConsentRecord.site_id == site_id, ConsentRecord.record_id > after)
            .order_by(ConsentRecord.record_id)
            .limit(PAGE)
        )
        page = [(row.record_id, row.subject, row.n) for row in db.session.execute(query)]
        db.session.rollback()
        if not page:
            return
        yield page
        after = page[-1][0]
