"""Records that a purge passes: of none of them can be read how long it was kept."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from consent_server.columns import (
    FIRST,
    IN_IDS,
    is_id,
    is_instant,
    is_spelled_as_id,
    raw,
    shown,
)
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.errors import RowUnreadable

log = structlog.get_logger(__name__)
#: Record ids that are named; an audit of the log names all.
NAMED = 5


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


class Overdue(NamedTuple):
    """A record that is to be erased, and whose it is."""

    record_id: str
    subject: str


class RecordsPassed(RowUnreadable):
    """Records are kept because it cannot be read whether their time is over."""

    status = 409
    reason = "records_unreadable"

    def __init__(self, site_id: str, record_ids: Collection[str]):
        named, more = sorted(record_ids), len(record_ids) - NAMED
        super().__init__(
            f"{site_id}: of records that somebody changed it cannot be read whether their time is "
            f"over: {', '.join(named[:NAMED])}{f' and {more} more' if more > 0 else ''}. They are "
            "kept, and what else their visitors have; all others were looked at"
        )
        self.site = site_id
        self.count = len(named)
        self.records = named[:NAMED]


def _are_ids(engine: str) -> sa.ColumnElement[bool]:
    """Return the condition that the ids of a record are written as ids."""
    names = ConsentRecord.record_id, ConsentRecord.subject
    if engine == "sqlite":
        return sa.and_(*(is_id(name, engine) for name in names))
    spelled = f"^{IN_IDS.pattern}$"
    return sa.and_(*(sa.func.coalesce(name, "").regexp_match(spelled) for name in names))


def is_read(engine: str) -> sa.ColumnElement[bool]:
    """Return the condition that a record says when it was made, and whose it is.

    :param engine: ``sqlite`` or ``postgresql``, which has no instant that is none but beyond these,
        and ids that are looked at when they are read (:meth:`Passed.leave`)
    """
    if engine != "sqlite":
        return sa.true()
    return sa.and_(is_instant(ConsentRecord.recorded_at, engine), _are_ids(engine))


class Passed:
    """Finds the records of a site that a purge passes."""

    def __init__(self, site_id: str, now: datetime):
        """:param now: aware, UTC"""
        self.site_id = site_id
        self.record_ids: set[str] = set()
        self._now = now
        self._engine = db.engine.dialect.name

    def between(self, since: datetime, until: datetime) -> None:
        """Look at what stands between two instants in the order of the log, both included."""
        at = ConsentRecord.recorded_at
        self._find(at >= since, at <= until)

    def leave(self, page: Sequence[Old]) -> Sequence[Old]:
        """Return a page without the records whose ids somebody changed to what is none."""
        found = [old for old in page if not _is_named(old)]
        if not found:
            return page
        self.record_ids |= {shown(old.record_id) for old in found}
        return [old for old in page if _is_named(old)]

    def beyond(self) -> None:
        """Look at what stands before and after all that is due by now or will be; few do."""
        at = ConsentRecord.recorded_at
        self._find(at < FIRST)
        self._find(at > self._now)
        db.session.rollback()

    def keep_those(self, rows: Iterable[sa.Row[Any]]) -> list[Overdue]:
        """Return which of all records of some visitors are overdue (``due.EVERY``).

        None of a visitor of whom one is passed: nor can their last consent event be known.
        """
        found = [(shown(row.record_id), str(row.subject), row) for row in rows]
        unread = [
            (record_id, subject)
            for record_id, subject, row in found
            if not (row.is_read and is_spelled_as_id(record_id))
        ]
        self.record_ids |= {record_id for record_id, _ in unread}
        kept = {subject for _, subject in unread}
        return [
            Overdue(record_id, subject)
            for record_id, subject, row in found
            if row.is_over and subject not in kept
        ]

    def tell(self) -> None:
        """Tell of what was found.

        :raises RecordsPassed: there was something
        """
        if self.record_ids:
            refusal = RecordsPassed(self.site_id, self.record_ids)
            log.error("records_not_purged", **refusal.evidence())
            raise refusal

    def _find(self, *where: sa.ColumnElement[bool]) -> None:
        record_id = raw(ConsentRecord.record_id, self._engine)
        of_site = ConsentRecord.site_id == self.site_id
        is_whole = sa.and_(
            is_instant(ConsentRecord.recorded_at, self._engine), _are_ids(self._engine)
        )
        query = sa.select(record_id).where(of_site, *where, sa.not_(is_whole))
        self.record_ids |= set(map(shown, db.session.scalars(query)))


def _is_named(old: Old) -> bool:
    return is_spelled_as_id(old.record_id) and is_spelled_as_id(old.subject or "")
