"""A large log in little time: records as decisions leave them, written many at a time."""

import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from consent_server.columns import rfc3339
from consent_server.consents.commitments import parts_of
from consent_server.consents.models import ConsentRecord, NewRecord
from consent_server.consents.records import new_record_id
from consent_server.db import db, writing
from consent_server.log.queue import rows_for
from consent_server.sites.models import Publication
from consent_server.sites.service import bundle_of
from consent_server.statements import Row

AT_ONCE = 1_000
#: Records of one statement: their instants are written four times, and remembered so long.
TOGETHER = 100


#: What ids are written with, in the order of their bytes.
_LETTERS = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
#: Letters of the count of records in an id.
_COUNTED = 5


def fill(
    publication: Publication,
    count: int,
    now: datetime,
    event: str = "partial",
    begin_id: Callable[[int], str] = lambda number: "",
) -> None:
    """Append that many decisions of as many visitors to a site; they wait for their log.

    :param now: of the first, aware, UTC; each next one is a millisecond later
    :param begin_id: gives the first letters of a record's ids
    """
    for begin in range(0, count, AT_ONCE):
        with writing() as connection:
            for first in range(begin, min(begin + AT_ONCE, count), TOGETHER):
                numbers = range(first, min(first + TOGETHER, begin + AT_ONCE, count))
                made = [
                    {**a_record(publication, number, now, begin_id(number)), "event": event}
                    for number in numbers
                ]
                connection.execute(sa.insert(ConsentRecord), made)
                committed = [_commitments(NewRecord(**values)) for values in made]
                for rows in zip(*committed, strict=True):
                    connection.execute(sa.insert(rows[0][0].table), [values for _, values in rows])
            db.session.commit()


def _commitments(record: NewRecord) -> list[Row]:
    parts = parts_of(record, "P12M")
    return rows_for(record.site_id, record.record_id, *parts, record.recorded_at)


def ascending(number: int) -> str:
    """Begin an id so that it comes after those of all smaller numbers.

    Every page of a database is written once then, and is full. With random ids, of which each new
    record changes other pages, ten million take SQLite three times as long.

    :param number: from 0, below a thousand million; no id begins with ``-``, which a spreadsheet
        takes for a formula
    """
    places = number + 64 ** (_COUNTED - 1)  # no "-" in front
    return "".join(_LETTERS[places >> 6 * at & 63] for at in reversed(range(_COUNTED)))


def a_record(
    publication: Publication, number: int, now: datetime, begins: str = ""
) -> dict[str, Any]:
    """Return the columns of one record, whose ids begin with some letters."""
    at = now + timedelta(milliseconds=number)
    end = at.replace(year=at.year + 1)
    terms = {"decided_at": rfc3339(at), "expires_at": rfc3339(end), "revision": 1}
    asked = bundle_of(publication)["categories"]
    granted = {item["id"]: item["required"] or number % 2 == 0 for item in asked}
    return {
        "site_id": publication.site_id,
        "record_id": begins + new_record_id()[len(begins) :],
        "previous": None,
        "event": "partial",
        "action": "save",
        "method": "banner",
        "recorded_at": at,
        "expires_at": end,
        "categories": {
            id_: {"granted": yes, **terms, "ended": None, "n": 1} for id_, yes in granted.items()
        },
        "services": {},
        "revision": publication.revision,
        "bundle": publication.bundle_hash,
        "build": secrets.token_urlsafe(32),
        "language": "fr",
        "policy_version": "2026-03",
        "profile": "gdpr",
        "gpc": False,
        "trusted": True,
        "subject": begins + secrets.token_urlsafe(32)[len(begins) :],
        "n": 1,
        "superseded": False,
    }
