"""Whether records still are what the log committed to: re-read, re-computed, compared."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
import sqlalchemy.orm as so

from consent_server.consents import rows
from consent_server.consents.models import ConsentRecord
from consent_server.ledger.canonical import canonical, likely_canonical
from consent_server.ledger.entries import Event, decode, encode
from consent_server.ledger.merkle import commit
from consent_server.ledger.record import MEMBERS, decision_part, subject_part
from consent_server.log.models import OpeningKeys
from consent_server.sealing.findings import UNREADABLE
from consent_server.sites.models import Publication
from consent_server.sites.service import bundle_of

ID, REVISION = MEMBERS.index("record_id"), MEMBERS.index("revision")


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
        found = {row[ID]: row for row in self._read(list(entries))}
        checked = (
            (record_id, self._problem(entry, found.get(record_id)))
            for record_id, entry in entries.items()
        )
        return {record_id: problem for record_id, problem in checked if problem}

    def _read(self, record_ids: list[str]) -> Sequence[Sequence[Any]]:
        """Return what each record says, its keys, and whether its row says more than is read."""
        keys = (OpeningKeys.site_id == ConsentRecord.site_id) & (
            OpeningKeys.record_id == ConsentRecord.record_id
        )
        query = (
            sa.select(*rows.columns(), OpeningKeys.decision_key, OpeningKeys.subject_key)
            .add_columns(rows.is_finer())
            .join_from(ConsentRecord, OpeningKeys, keys, isouter=True)
            .where(ConsentRecord.site_id == self._site_id, ConsentRecord.record_id.in_(record_ids))
        )
        # Below the session, which would answer from what it has read already.
        return self._session.connection().execute(query).all()

    def _problem(self, entry: bytes, row: Sequence[Any] | None) -> str | None:
        if row is None:
            return "is missing"
        keys, is_finer = (row[-3], row[-2]), row[-1]
        if None in keys:
            return "its opening keys are missing"
        try:
            duration = self._duration(row[REVISION])
            record = rows.record_of(self._site_id, row, duration, with_subject=True)
            parts = decision_part(record), subject_part(record)
            if encode(_event(keys, parts, likely_canonical)) == entry and not is_finer:
                return None
            made, event = _event(keys, parts, canonical), decode(entry)
        except UNREADABLE:
            return "cannot be read"
        if not isinstance(event, Event):
            return "its entry is no event"
        if event.decision != made.decision or is_finer:
            return "its decision is not what was committed to"
        return None if event == made else "its subject is not what was committed to"

    def _duration(self, revision: int) -> str:
        if revision not in self._durations:
            publication = self._session.get_one(Publication, (self._site_id, revision))
            self._durations[revision] = bundle_of(publication)["reprompt_after"]
        return self._durations[revision]


def _event(
    keys: tuple[bytes, bytes], parts: tuple[Any, Any], written: Callable[[Any], bytes]
) -> Event:
    return Event(
        commit("decision", keys[0], parts[0], written),
        commit("subject", keys[1], parts[1], written),
    )
