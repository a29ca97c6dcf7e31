"""Decisions that are on their way while it becomes known again that they were erased."""

import time

import sqlalchemy as sa

from consent_server.db import db

#: Transactions that asked what was erased, and have a lock of the service: both until they end. A
#: backup asks too, and has none.
UNDERWAY = sa.text(
    "SELECT asked.virtualtransaction FROM pg_locks AS asked JOIN pg_locks AS locked "
    "USING (virtualtransaction) WHERE asked.relation = CAST('erased_subjects' AS regclass) "
    "AND locked.locktype = 'advisory' AND locked.granted AND asked.pid <> pg_backend_pid() "
    "AND asked.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
#: Seconds after which no transaction of the service is open any more, and between two looks.
PATIENCE, PAUSE = 15.0, 0.02


class StillUnderway(Exception):
    """A transaction does not end."""


def wait_for_those_underway() -> None:
    """Return when each decision is recorded, or not, that may have asked before now.

    On PostgreSQL it goes by what was there when it asked, and commits later; SQLite has one writer.
    The caller has committed what decisions are to know, and has no transaction open.

    :raises sqlalchemy.exc.OperationalError: one of them does not end
    """
    if db.engine.dialect.name == "sqlite":
        return
    left, deadline = _underway(), time.monotonic() + PATIENCE
    while left:
        if time.monotonic() > deadline:
            raise sa.exc.OperationalError(None, None, StillUnderway())
        time.sleep(PAUSE)
        left &= _underway()


def _underway() -> set[str]:
    found = set(db.session.scalars(UNDERWAY))
    db.session.rollback()
    return found
