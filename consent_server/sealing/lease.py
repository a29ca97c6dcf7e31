"""One process at a time puts entries into a site's log; the others need not try.

Safety does not rest on it: each transaction checks under the log's lock that the lease is still its
own and that the log stands where it was read.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from consent_server.db import db, lock_for_writing, writing
from consent_server.log.models import Lease
from consent_server.sealing.errors import LeaseLost

#: How long others wait for a process that died at work.
LEASE = timedelta(seconds=30)
#: By site: the runs of this process that ended without giving the lease back, since the database
#: went away. They do nothing any more, and nobody has to wait for them.
_left: dict[str, set[str]] = {}


def take_lease(site_id: str, holder: str, now: datetime) -> bool:
    """Take the lease of a site's log, if nobody at work has it.

    :param holder: 128 random bits of this run
    """
    with writing():
        lock_for_writing("log", site_id)
        of_site = Lease.site_id == site_id
        # One that ends later is of a clock that is ahead, by days maybe: nobody waits for it.
        at_work = of_site & (Lease.until > now) & (Lease.until <= now + 2 * LEASE)
        # Compared there: an end that somebody wrote may be none that can be read.
        at_it = db.session.scalar(sa.select(Lease.holder).where(at_work))
        if at_it is not None and at_it not in _left.get(site_id, ()):
            db.session.rollback()
            return False
        mine = {"holder": holder, "until": now + LEASE}
        if not _changed(sa.update(Lease).where(of_site).values(mine)):
            db.session.add(Lease(site_id=site_id, **mine))
        db.session.commit()
    _left.pop(site_id, None)
    return True


def _changed(statement: sa.Update) -> bool:
    """Run it below the session, which would read the row; return whether there was one."""
    return bool(db.session.connection().execute(statement).rowcount)


def leave_lease(site_id: str, holder: str) -> None:
    """Remember that a run of this process is over, whatever it wanted to do.

    What the database makes of its last transaction is unknown, even whether it has the lease; the
    next run reads where it stands.
    """
    _left.setdefault(site_id, set()).add(holder)


def require_lease(site_id: str, holder: str) -> None:
    """Make sure that the lease is still ours, until this transaction ends.

    :raises LeaseLost: it ran out and somebody else took it
    """
    lock_for_writing("log", site_id)
    if not has_lease(site_id, holder):
        raise LeaseLost


def has_lease(site_id: str, holder: str) -> bool:
    """Whether nobody took the lease since this run did."""
    return db.session.scalar(sa.select(Lease.holder).where(Lease.site_id == site_id)) == holder


def give_back_lease(site_id: str, holder: str, now: datetime) -> None:
    """Let the next one begin at once."""
    with writing():
        mine = sa.update(Lease).where(Lease.site_id == site_id, Lease.holder == holder)
        db.session.execute(mine.values(until=now))
        db.session.commit()
