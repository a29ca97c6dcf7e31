"""Use cases of time: record that a consent is over."""

from datetime import datetime, timedelta

import sqlalchemy as sa
import sqlalchemy.orm as so

from consent_server.consents.models import ConsentRecord
from consent_server.consents.records import record_in_force, record_lapse
from consent_server.db import db, lock_for_writing, writing
from consent_server.sites.service import publication_of

#: Subjects looked at in one go.
BATCH = 500
#: How far the clock may be ahead of the database's own.
LEEWAY = timedelta(hours=1)


class ClockAhead(RuntimeError):
    """This machine's clock is ahead of the database's: what it says is over may not be."""


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

    :source: GDPR Art. 7(1) and Art. 5(2): the end of a consent is a fact to be shown like its start
    """
    done = 0
    after = ("", "")
    while batch := _due(after, now, since):
        for site_id, subject in batch:
            done += _settle(site_id, subject, now)
        after = batch[-1]
    return done


def _due(after: tuple[str, str], now: datetime, since: datetime | None) -> list[tuple[str, str]]:
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
    key = sa.tuple_(ConsentRecord.site_id, ConsentRecord.subject)
    query = (
        sa.select(ConsentRecord.site_id, ConsentRecord.subject)
        .where(
            ConsentRecord.subject.is_not(None),
            ConsentRecord.superseded == sa.false(),
            granted | left,
            ConsentRecord.expires_at <= now,
            ConsentRecord.expires_at > since if since else sa.true(),
            ~follows,
            key > sa.tuple_(sa.literal(after[0]), sa.literal(after[1])),
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
