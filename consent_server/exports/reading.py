"""Read what is selected, page by page, in the order of the log, below the object mapper.

Between two pages no transaction is open: a client may be as slow as it likes, and with SQLite's
rollback journal an open reader keeps every writer waiting.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from consent_server.columns import is_exact
from consent_server.consents.models import ConsentRecord
from consent_server.consents.rows import NAMES, as_text, columns
from consent_server.db import db
from consent_server.errors import RowUnreadable
from consent_server.exports.ahead import Row, pages_and_work, read
from consent_server.exports.selection import Head, Selection
from consent_server.exports.source import Source
from consent_server.ledger.record import MEMBERS
from consent_server.log.models import LogEntry, OpeningKeys, QueuedEntry

#: Entries counted in one transaction.
COUNTED = 50_000
#: Records that wait, of which nothing is made but a count, read in one transaction.
COUNTED_WAITING = 2_000


def index_of(row: Row) -> int:
    """Return the leaf of a record in the tree.

    :param row: the leaf index, or None; what ``consents.rows`` reads of a record, on the level
        ``subjects`` with the subject; ``decision_key``; ``subject_key`` on that level, else the
        entry
    """
    index: int = row[0]
    return index


def _place(name: str) -> int:
    """Return where a row has a member of a record."""
    return 1 + NAMES.index(name)


def sealed(
    source: Source,
    selection: Selection,
    head: Head,
    after: int,
    most: int,
    work: Callable[[list[Row]], bytes],
) -> Iterator[tuple[list[Row], bytes]]:
    """Yield pages of the selected records that are in the tree, in the order of their leaves.

    :param after: begin after this leaf
    :param most: entries looked at in one transaction, and records of a page
    :param work: makes of each page what is yielded with it; see ``pages_and_work``
    """
    query = (
        _records(selection, LogEntry.leaf_index, LogEntry.entry)
        .join_from(LogEntry, ConsentRecord, _same(LogEntry, ConsentRecord))
        .join(OpeningKeys, _same(OpeningKeys, ConsentRecord))
        .where(
            LogEntry.site_id == selection.site_id,
            LogEntry.leaf_index >= sa.bindparam("begin"),
            LogEntry.leaf_index < sa.bindparam("end"),
        )
        .order_by(LogEntry.leaf_index)
    )
    begins = range(after + 1, head.size, most)
    asked = ({"begin": begin, "end": min(begin + most, head.size)} for begin in begins)
    return pages_and_work(source, query, asked, work)


def waiting(source: Source, selection: Selection, head: Head, most: int) -> Iterator[list[Row]]:
    """Yield pages of the selected records that waited for their place when the export began.

    :param most: records of a page
    :raises RowUnreadable: no page can begin after a record, as its instant is not what is read
    """
    if head.waiting is None:
        return
    first, last = head.waiting
    after: tuple[datetime, str] = (first, "")
    in_tree = sa.exists().where(_same(LogEntry, ConsentRecord), LogEntry.leaf_index < head.size)
    position = sa.tuple_(ConsentRecord.recorded_at, ConsentRecord.record_id)
    instant, record_id = ConsentRecord.recorded_at.type, _place("record_id")
    queued = _same(QueuedEntry, ConsentRecord) & (
        QueuedEntry.queued_at == ConsentRecord.recorded_at
    )
    later = sa.orm.aliased(LogEntry)
    entry = sa.func.coalesce(QueuedEntry.entry, later.entry)
    query = (
        _records(selection, sa.null(), entry)
        .add_columns(is_exact(ConsentRecord.recorded_at, db.engine.dialect.name))
        .add_columns(ConsentRecord.recorded_at)
        .join_from(ConsentRecord, OpeningKeys, _same(OpeningKeys, ConsentRecord))
        .outerjoin(QueuedEntry, queued)
        .outerjoin(later, _same(later, ConsentRecord))
        .where(
            ConsentRecord.recorded_at <= last,
            ~in_tree,
            position
            > sa.tuple_(sa.bindparam("instant", type_=instant), sa.bindparam("id", type_=sa.Text)),
        )
        .order_by(ConsentRecord.recorded_at, ConsentRecord.record_id)
        .limit(most)
    )
    while page := read(source, query, {"instant": after[0], "id": after[1]}):
        if not all(row[-2] for row in page):
            raise RowUnreadable
        yield [row[:-2] for row in page]
        after = (page[-1][-1], page[-1][record_id])


def counts(source: Source, selection: Selection, head: Head) -> list[tuple[str, str, bool, int]]:
    """Return day (UTC), event, whether it came too late, and how many; nothing about anybody.

    :raises ValueError: a record is of no day
    """
    day = sa.func.substr(as_text(ConsentRecord.recorded_at), 1, 10)
    counted = day, ConsentRecord.event, ConsentRecord.superseded
    query = (
        sa.select(*counted, sa.func.count())
        .join_from(LogEntry, ConsentRecord, _same(LogEntry, ConsentRecord))
        .where(
            *selection.conditions(),
            LogEntry.site_id == selection.site_id,
            LogEntry.leaf_index >= sa.bindparam("begin"),
            LogEntry.leaf_index < sa.bindparam("end"),
        )
        .group_by(*counted)
    )
    tally: Counter[tuple[str, str, bool]] = Counter()
    for begin in range(0, head.size, COUNTED):
        end = min(begin + COUNTED, head.size)
        for *key, count in read(source, query, {"begin": begin, "end": end}):
            tally[key[0], key[1], key[2]] += count
    names = [_place(name) for name in ("recorded_at", "event", "superseded")]
    for page in waiting(source, selection, head, COUNTED_WAITING):
        for row in page:
            instant, event, superseded = (row[at] for at in names)
            tally[instant[:10], event, bool(superseded)] += 1
    for counted_on, _, _ in tally:
        date.fromisoformat(counted_on)
    return [(*key, count) for key, count in sorted(tally.items())]


def _records(selection: Selection, index: Any, entry: Any) -> sa.Select[Any]:
    has_subject = selection.level == "subjects"
    members = columns() if has_subject else columns(MEMBERS)
    openings = OpeningKeys.decision_key, OpeningKeys.subject_key if has_subject else entry
    # The driver's own bytes: to be told that they are bytes costs as much as to read them.
    raw = [sa.type_coerce(value, sa.types.NullType()) for value in openings]
    return sa.select(index, *members, *raw).where(*selection.conditions())


def _same(table: Any, other: Any) -> sa.ColumnElement[bool]:
    return (table.site_id == other.site_id) & (table.record_id == other.record_id)
