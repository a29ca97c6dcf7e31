"""What time brings, and how far this process is with it."""

import math
import time
from datetime import date, datetime, timedelta
from functools import partial

import sqlalchemy as sa
import structlog

from consent_server.db import db
from consent_server.erasing.erasedlist import ErasedList
from consent_server.erasing.traces import MEDIUM, is_in_reach, remove_traces
from consent_server.log.models import RestrictedProof
from consent_server.metrics.catalogue import LAPSES, PURGED
from consent_server.parts import do_all, is_unreadable
from consent_server.retention.purging import Purged, purge
from consent_server.retention.resting import Rest
from consent_server.retention.service import record_lapses
from consent_server.trail.models import TrailLine

log = structlog.get_logger(__name__)
#: Seconds between two looks at every record.
THOROUGH_EVERY = 86_400.0
#: Seconds between two tries to take traces away: nobody decides anything meanwhile.
CLEAN_EVERY = 3_600.0
#: Ends that a round looks at again, in case the clocks of two machines differ.
LOOK_BACK = timedelta(hours=1)


class House:
    """Lets end what is over, erases what was kept long enough, and takes away what that left.

    Of a row that cannot be read it tells once a day: all others are done, and not looked at anew.
    """

    def __init__(self, erased: ErasedList):
        self._erased = erased
        #: A round looks at what ended since the one before it; the first one, and one a day, at
        #: all: a grant may end later than the first end of its record.
        self._settled: datetime | None = None
        self._thorough = time.monotonic()
        #: What was told to end on a day goes on that day: a purge comes with the first round of it.
        self._purged: date | None = None
        #: Erasures on the list, what tells of purges, and on which day both were looked for.
        self._listed: int | None = None
        self._told = 0, 0
        self._looked: date | None = None
        self._has_traces = False
        self._tried = -math.inf

    def keep(self, started: datetime) -> None:
        """Do one round; what fails keeps nothing else waiting, and is told at the end.

        :param started: when the clock was compared with the database's; it may be another one since
        """
        # Checks look at the time and need no lapse record.
        parts = (self._lapse, self._purge, self._look, self._clean)
        do_all(partial(part, started) for part in parts)

    def _lapse(self, started: datetime) -> None:
        if time.monotonic() - self._thorough > THOROUGH_EVERY:
            self._settled, self._thorough = None, time.monotonic()
        try:
            done = record_lapses(started, self._settled)
        except Exception as error:
            if is_unreadable(error):
                self._settled = started - LOOK_BACK
            raise
        self._settled = started - LOOK_BACK
        LAPSES.add(amount=done)
        if done:
            log.info("consents_lapsed", count=done)

    def _purge(self, started: datetime) -> None:
        if self._purged == started.date():
            return
        purged = Purged()
        try:
            purge(started, self._erased, purged, rest=Rest(), gives_way=True)
        except Exception as error:
            if is_unreadable(error):
                self._purged = started.date()
            raise
        finally:  # what it erased before it failed is erased
            self._note(purged)
        self._purged = started.date()

    def _note(self, purged: Purged) -> None:
        for what, count in vars(purged).items():
            if what != "unreadable":  # kept, and told of
                PURGED.add(what, amount=count)
        if purged.records:
            log.info("records_purged", count=purged.records)
        if purged.records or purged.restricted_proofs:
            self._has_traces, self._tried = True, -math.inf

    def _look(self, started: datetime) -> None:
        """Look once a day whether others left any: an erasure, or a command that was stopped.

        On PostgreSQL an operator takes them away, whoever left them.
        """
        if self._looked == started.date() or db.engine.dialect.name != "sqlite":
            return
        with self._erased.held():
            _, position = self._erased.position()
        told = _told_of_purges()
        if position not in (0, self._listed) or told != self._told:
            self._has_traces, self._tried = True, -math.inf
        self._listed, self._told, self._looked = position, told, started.date()

    def _clean(self, _started: datetime) -> None:
        """Take away what erasures left, until it is done."""
        if self._has_traces and time.monotonic() - self._tried >= CLEAN_EVERY:
            self._tried = time.monotonic()
            self._has_traces = not remove_traces(MEDIUM) and is_in_reach(MEDIUM)


def _told_of_purges() -> tuple[int, int]:
    """Return what is other after a purge, whoever purged: who took away what it left may be gone.

    How many the trails tell of, where each tells of itself with the records that it erases first;
    and how many sealed proofs are kept, whose end no trail has.
    """
    lines = sa.select(sa.func.count()).where(TrailLine.what == "purge")
    proofs = sa.select(sa.func.count()).select_from(RestrictedProof)
    found = db.session.scalar(lines) or 0, db.session.scalar(proofs) or 0
    db.session.rollback()
    return found
