"""Use cases of time: record that a consent is over."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import chain

import sqlalchemy as sa
import sqlalchemy.orm as so

from consent_server.consents.models import ConsentRecord
from consent_server.consents.records import record_in_force, record_lapse
from consent_server.db import db, lock_for_writing, writing
from consent_server.errors import ConsentError
from consent_server.parts import do_all
from consent_server.sites.known import site_ids
from consent_server.sites.service import publication_of

#: Subjects settled one after another before the next are looked for.
BATCH = 500
#: Records looked at in one statement.
LOOKED_AT = 5_000
#: How far the clock may be ahead of the database's own.
LEEWAY = timedelta(hours=1)


class ClockAhead(ConsentError):
    """This machine's clock is ahead of the database's: what it says is over may not be."""

    status = 503
    reason = "clock_ahead"

    def __init__(self) -> None:
        super().__init__(
            "this machine's clock is more than an hour ahead of the database's; nothing was ended "
            "or erased"
        )


def require_clock(now: datetime) -> None:
    """Refuse to end and to erase by a clock that is ahead; SQLite has none to compare with.

    :raises ClockAhead: the database's own clock is more than an hour behind
    """
    if db.engine.dialect.name == "sqlite":
        return
    there = db.session.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    db.session.rollback()
    if now > there + LEEWAY:
        raise ClockAhead


def record_lapses(now: datetime, since: datetime | None = None) -> int:
    """Append an ``expired`` record for every consent whose time is over; return how many.

    :param since: look only at ends after this instant; None looks at all of them

    Repeatable, and safe when several processes try at once: each subject is settled in a
    transaction of its own, under its lock. The check never waits for this; it looks at the time.
    A record that cannot be ended keeps no other from ending; it is told when they are done.

    :source: GDPR Art. 7(1) and Art. 5(2): the end of a consent is a fact to be shown like its start
    """
    batches = _ended(since, now) if since is not None else _over(now)
    done = 0

    def settle(site_id: str, subject: str) -> None:
        nonlocal done
        done += _settle(site_id, subject, now)

    do_all(partial(settle, *one) for one in chain.from_iterable(batches))
    return done


def _ended(since: datetime, now: datetime) -> Iterator[list[tuple[str, str]]]:
    """Yield what is due of the records that ended after an instant; few, and found by their end."""
    key = sa.tuple_(ConsentRecord.site_id, ConsentRecord.subject)
    after = ("", "")
    while batch := _due(
        now, ConsentRecord.expires_at > since, key > sa.tuple_(*map(sa.literal, after))
    ):
        yield batch
        after = batch[-1]


def _over(now: datetime) -> Iterator[list[tuple[str, str]]]:
    """Yield what is due of all records: of some subjects at a time, whether any of them is due.

    One statement that looks for the next that is due reads a large table to its end.
    """
    for site_id in site_ids():
        last: str | None = ""
        while last is not None:
            here = [ConsentRecord.site_id == site_id, ConsentRecord.subject > last]
            ends = sa.select(ConsentRecord.subject).where(*here).order_by(ConsentRecord.subject)
            last = db.session.scalar(ends.offset(LOOKED_AT - 1).limit(1))
            if last is not None:
                here.append(ConsentRecord.subject <= last)
            yield from _batches(now, here)


def _batches(
    now: datetime, here: Sequence[sa.ColumnElement[bool]]
) -> Iterator[list[tuple[str, str]]]:
    after = ""
    while batch := _due(now, *here, ConsentRecord.subject > after):
        yield batch
        after = batch[-1][1]


def _due(now: datetime, *where: sa.ColumnElement[bool]) -> list[tuple[str, str]]:
    """Return the next subjects whose latest record is past its end and not settled.

    An expiry is looked at again when it left grants that end later: then it is not past its own end
    yet when it is recorded.
    """
    later = so.aliased(ConsentRecord)
    follows = sa.exists().where(
        later.site_id == ConsentRecord.site_id,
        later.previous == ConsentRecord.record_id,
        later.superseded == sa.false(),
    )
    granted = ConsentRecord.event.in_(("given", "partial", "changed", "renewed"))
    left = (ConsentRecord.event == "expired") & (
        ConsentRecord.expires_at > ConsentRecord.recorded_at
    )
    query = (
        sa.select(ConsentRecord.site_id, ConsentRecord.subject)
        .where(
            *where,
            ConsentRecord.subject.is_not(None),
            ConsentRecord.superseded == sa.false(),
            granted | left,
            ConsentRecord.expires_at <= now,
            ~follows,
        )
        .distinct()
        .order_by(ConsentRecord.site_id, ConsentRecord.subject)
        .limit(BATCH)
    )
    found = [(row.site_id, str(row.subject)) for row in db.session.execute(query)]
    db.session.rollback()
    return found


def _settle(site_id: str, subject: str, now: datetime) -> int:
    with writing():
        lock_for_writing("subject", site_id, subject)
        held = record_in_force(site_id, subject)
        publication = publication_of(site_id, held.bundle) if held is not None else None
        expired = record_lapse(held, publication, now) if held and publication else None
        if expired is None:
            db.session.rollback()
            return 0
        db.session.commit()
    return 1
