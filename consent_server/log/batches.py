"""What the sequencer writes by the thousand: handed to the driver as it is, not row by row.

SQLite runs in this process, so a statement for each row is no round trip. PostgreSQL gets every
column of a batch as one array, in the binary form, and one statement for all of them.
"""

from collections.abc import Sequence
from typing import Any

from consent_server.db import db

#: For SQLite, for PostgreSQL.
Statement = tuple[str, str]

APPEND: Statement = (
    "INSERT INTO log_entries (leaf_index, entry, record_id, site_id) VALUES (?, ?, ?, ?)",
    "INSERT INTO log_entries (leaf_index, entry, record_id, site_id) "
    "SELECT leaf_index, entry, record_id, %s "
    "FROM unnest(%b::bigint[], %b::bytea[], %b::text[]) AS given (leaf_index, entry, record_id)",
)
#: The bounds, which hold anyway, keep the planner from reading a long queue to its end.
PLACE: Statement = (
    "UPDATE log_queue SET leaf_index = ? WHERE queued_at = ? AND queue_id = ? AND site_id = ?",
    "UPDATE log_queue SET leaf_index = given.place "
    "FROM unnest(%b::bigint[], %b::timestamptz[], %b::text[]) AS given (place, since, id) "
    "WHERE queued_at = since AND queue_id = id AND site_id = %s AND queued_at BETWEEN %s AND %s",
)


def append_entries(site_id: str, rows: Sequence[tuple[int, bytes, str | None]]) -> None:
    """Append entries to a log; the caller holds its lock and commits.

    :param rows: leaf index, entry, and the record that it stands for
    """
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        columns = _columns(rows)
        connection.exec_driver_sql(APPEND[1], (site_id, *columns))
    else:
        connection.exec_driver_sql(APPEND[0], [(*row, site_id) for row in rows])


def give_places(site_id: str, rows: Sequence[tuple[int, Any, str]]) -> None:
    """Write the places of what waits into the queue; the caller holds the log's lock and commits.

    :param rows: place, and of the entry ``queued_at`` as the driver has it, and ``queue_id``
    """
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        places, instants, ids = _columns(rows)
        bounds = min(instants), max(instants)
        connection.exec_driver_sql(PLACE[1], (places, instants, ids, site_id, *bounds))
    else:
        connection.exec_driver_sql(PLACE[0], [(*row, site_id) for row in rows])


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
