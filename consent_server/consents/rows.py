"""Records below the object mapper: read as they are given out, many at a time.

An instant that is read as the text it is given out as, and JSON that is read once, are most of what
makes this several times faster than a ``ConsentRecord`` and its ``exported``, and it says the same.
"""

from collections.abc import Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.ledger.record import MEMBERS, SUBJECT, both_parts

#: What :func:`columns` reads, in this order; the last two are left out without the subject.
NAMES = (*MEMBERS, *SUBJECT)
SITE, DURATION = NAMES.index("site"), NAMES.index("duration")
DOCUMENTS = NAMES.index("categories"), NAMES.index("services")
FLAGS = tuple(map(NAMES.index, ("gpc", "trusted", "superseded")))
RFC3339 = 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'


def columns(names: Sequence[str] = NAMES) -> list[sa.ColumnElement[Any]]:
    """Return what to select for :func:`record_of`; null where the row does not have it."""
    table = ConsentRecord.__table__
    return [as_text(table.c[name]) if name in table.c else sa.null() for name in names]


def as_text(column: Any) -> Any:
    """Return a column as it is given out, so that no value is made and taken apart again."""
    kind = type(column.type).__name__
    if kind not in ("UtcDateTime", "JSONDocument", "Flag"):
        return column
    if db.engine.dialect.name == "sqlite":
        return sa.type_coerce(column, sa.Integer if kind == "Flag" else sa.Text)
    if kind == "UtcDateTime":
        return sa.func.to_char(sa.func.timezone("UTC", column), RFC3339)
    return sa.type_coerce(column, sa.Boolean) if kind == "Flag" else sa.cast(column, sa.Text)


def is_finer() -> sa.ColumnElement[bool]:
    """Return whether an instant is finer than the millisecond to which :func:`columns` reads it."""
    if db.engine.dialect.name == "sqlite":
        return sa.false()  # what is stored is the text, and read as it is
    instants = ConsentRecord.recorded_at, ConsentRecord.expires_at
    return sa.or_(*(sa.func.date_trunc("milliseconds", at) != at for at in instants))


def record_of(site_id: str, row: Sequence[Any], duration: str) -> dict[str, Any]:
    """Return a record as ``ledger.record.exported`` does, with the subject.

    :param row: what :func:`columns` selected
    :param duration: ``reprompt_after`` of the bundle that was shown, ISO 8601
    :raises ValueError: what should be a JSON object is none
    """
    record = dict(zip(NAMES, row))  # noqa: B905
    complete(record, site_id, duration)
    for asked in ("categories", "services"):
        _require_object(record[asked])
    return record


def complete(record: dict[str, Any], site_id: str, duration: str) -> None:
    """Make of the values of a row, by their names, what is given out of it.

    :raises ValueError: what should be JSON is none
    """
    record["site"] = site_id
    record["duration"] = duration
    record["categories"] = orjson.loads(record["categories"])
    record["services"] = orjson.loads(record["services"])
    record["gpc"] = bool(record["gpc"])
    record["trusted"] = bool(record["trusted"])
    record["superseded"] = bool(record["superseded"])


def _require_object(choices: Any) -> None:
    """Let no choices be an empty object alone, and nothing else that is empty.

    :raises ValueError: it is no object
    """
    if type(choices) is not dict:
        raise ValueError("choices are an object")


def parts_of_row(
    site_id: str, row: Sequence[Any], duration: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return both parts that the log commits to, as ``ledger.record`` makes them of the record.

    :param row: what :func:`columns` selected, and nothing else
    :param duration: see :func:`record_of`
    :raises ValueError: what should be a JSON object is none; ``columns.UNREADABLE`` says what else
    """
    values = list(row)
    values[SITE], values[DURATION] = site_id, duration
    for at in DOCUMENTS:
        values[at] = orjson.loads(values[at])
        _require_object(values[at])
    for at in FLAGS:
        values[at] = bool(values[at])
    return both_parts(values)
