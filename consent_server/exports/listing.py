"""The list of records, page by page, in the order of time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from consent_server.columns import is_exact
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.errors import RowUnreadable
from consent_server.exports.selection import Selection

Position = tuple[datetime, str]


def page_of(selection: Selection, after: Position | None, most: int) -> list[ConsentRecord]:
    """Return the next records after a position, detached; the transaction is over on return.

    :raises RowUnreadable: no page can begin after a record, as its instant is not what is read
    """
    as_read = is_exact(ConsentRecord.recorded_at, db.engine.dialect.name)
    query = sa.select(ConsentRecord, as_read).where(*selection.conditions())
    if after is not None:
        position = sa.tuple_(ConsentRecord.recorded_at, ConsentRecord.record_id)
        query = query.where(position > sa.tuple_(*_bound(after)))
    query = query.order_by(ConsentRecord.recorded_at, ConsentRecord.record_id).limit(most)
    page = db.session.execute(query).all()
    db.session.expunge_all()
    db.session.rollback()
    if not all(is_as_read for _, is_as_read in page):
        raise RowUnreadable
    return [record for record, _ in page]


def records(selection: Selection, most: int = 1000) -> Iterator[dict[str, Any]]:
    """Yield every selected record as it is given out, ``most`` of them read at a time."""
    has_subject = selection.level == "subjects"
    after: Position | None = None
    while page := page_of(selection, after, most):
        yield from (record.exported(with_subject=has_subject) for record in page)
        after = (page[-1].recorded_at, page[-1].record_id)


def _bound(after: Position) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    instant, record_id = after
    return (
        sa.bindparam(None, instant, ConsentRecord.recorded_at.type),
        sa.bindparam(None, record_id, sa.Text()),
    )
