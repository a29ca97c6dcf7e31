"""Whether records still are what the log committed to: re-read, re-computed, compared."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import orjson
import sqlalchemy as sa
import sqlalchemy.orm as so

from consent_server.columns import UNREADABLE
from consent_server.consents import rows
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.errors import RowUnreadable
from consent_server.ledger.canonical import likely_canonical
from consent_server.ledger.entries import Event, decode, event_entry
from consent_server.ledger.merkle import commit
from consent_server.ledger.record import MEMBERS, decision_part, subject_part
from consent_server.log.models import OpeningKeys
from consent_server.sites.models import Publication
from consent_server.sites.service import bundle_of
from consent_server.sqlite import any_text

ID, REVISION = MEMBERS.index("record_id"), MEMBERS.index("revision")
#: Some records of a site, in one statement that is always the same.
CHOSEN = (
    "{} WHERE consent_records.site_id = ?"
    " AND consent_records.record_id IN (SELECT value FROM json_each(?))"
)
#: The same of PostgreSQL: each by its key. Of a site that has grown since the database last counted
#: its rows the planner knows nothing, and would read all of it for each page; a limit lets it look
#: for each record by itself. A site that it has not counted at all it takes for empty, where any
#: index is as good as the key; so it learns which site is meant only when it has made its plan.
EACH = """{}
FROM unnest(%s::text[]) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT * FROM consent_records WHERE site_id = (SELECT %s) AND record_id = wanted.id LIMIT 1
) AS consent_records
LEFT JOIN LATERAL (
    SELECT * FROM log_opening_keys WHERE site_id = (SELECT %s) AND record_id = wanted.id LIMIT 1
) AS log_opening_keys ON true"""

#: Records held at a time: of more, Python's garbage collector costs as much as reading them.
AT_ONCE = 500

#: What is read of a record: ``rows.columns``, both keys, whether an instant is too fine.
Row = Sequence[Any]


class Openings:
    """Opens the entries of one site with what the database holds now."""

    def __init__(self, session: so.Session, site_id: str):
        """:param session: what it has read so far answers no question of this class"""
        self._session = session
        self._site_id = site_id
        self._durations: dict[int, str] = {}

    def problems(self, entries: Mapping[str, bytes]) -> dict[str, str]:
        """Return what is wrong with which record.

        :param entries: record id → the entry that commits to it
        """
        ids, problems = list(entries), {}
        for at in range(0, len(ids), AT_ONCE):
            some = ids[at : at + AT_ONCE]
            found = {row[ID]: row for row in self._read(some)}
            for record_id in some:
                row = found.get(record_id)
                if row is None or not self._opens(entries[record_id], row):
                    problems[record_id] = self._problem(entries[record_id], row)
        return {record_id: problem for record_id, problem in problems.items() if problem}

    def _read(self, record_ids: list[str]) -> Sequence[Row]:
        """Return what each record says, its keys, and whether its row says more than is read.

        Below the session, which would answer from what it has read already.
        """
        connection = self._session.connection()
        name = connection.dialect.name
        if name == "postgresql":
            sent = (record_ids, self._site_id, self._site_id)
            return connection.exec_driver_sql(_query(name), sent).fetchall()
        ids = orjson.dumps([id_ for id_ in record_ids if id_.isprintable()]).decode()
        with suppress(RowUnreadable):
            return connection.exec_driver_sql(_query(name), (self._site_id, ids)).fetchall()
        with any_text(connection.connection.driver_connection):
            return connection.exec_driver_sql(_query(name), (self._site_id, ids)).fetchall()

    def _opens(self, entry: bytes, row: Row) -> bool:
        """Whether a row is what its entry commits to; if not, :meth:`_problem` says why."""
        *values, decision_key, subject_key, is_finer = row
        try:
            duration = self._duration(row[REVISION])
            decided, subject = rows.parts_of_row(self._site_id, values, duration)
            made = event_entry(
                commit("decision", decision_key, decided, likely_canonical),
                commit("subject", subject_key, subject, likely_canonical),
            )
        except UNREADABLE:
            return False
        return made == entry and not is_finer

    def _problem(self, entry: bytes, row: Row | None) -> str | None:
        if row is None:
            return "is missing"
        keys, is_finer = (row[-3], row[-2]), row[-1]
        if None in keys:
            return "its opening keys are missing"
        try:
            duration = self._duration(row[REVISION])
            record = rows.record_of(self._site_id, row, duration)
            made = Event(
                commit("decision", keys[0], decision_part(record)),
                commit("subject", keys[1], subject_part(record)),
            )
            event = decode(entry)
        except UNREADABLE:
            return "cannot be read"
        if not isinstance(event, Event):
            return "its entry is no event"
        if event.decision != made.decision or is_finer:
            return "its decision is not what was committed to"
        return None if event == made else "its subject is not what was committed to"

    def _duration(self, revision: int) -> str:
        if revision not in self._durations:
            publication = self._session.get(Publication, (self._site_id, revision))
            if publication is None:
                raise LookupError(f"there is no publication {revision}")
            self._durations[revision] = bundle_of(publication)["reprompt_after"]
        return self._durations[revision]


@lru_cache
def _query(dialect: str) -> str:
    """Return the statement of :meth:`Openings._read`: of a site, some records."""
    keys = (OpeningKeys.site_id == ConsentRecord.site_id) & (
        OpeningKeys.record_id == ConsentRecord.record_id
    )
    query = (
        sa.select(*rows.columns(), OpeningKeys.decision_key, OpeningKeys.subject_key)
        .add_columns(rows.is_finer())
        .join_from(ConsentRecord, OpeningKeys, keys, isouter=True)
    )
    text = str(query.compile(db.engine, compile_kwargs={"literal_binds": True}))
    if dialect == "postgresql":
        return EACH.format(text.partition("\nFROM ")[0])
    return CHOSEN.format(text)
