"""Parameters of exports and of the list of records."""

import base64
import binascii
import re
from datetime import datetime
from typing import Any

import marshmallow as ma

from consent_server.columns import rfc3339
from consent_server.consents.models import EVENTS
from consent_server.exports.formats import FORMATS
from consent_server.exports.listing import Position
from consent_server.exports.selection import LEVELS
from consent_server.trail.reasons import WhySchema
from consent_server.trail.service import LARGEST_NUMBER
from consent_server.web.fields import Base64url, Instant, QueryInteger

RECORD_ID = re.compile(r"[A-Za-z0-9_-]{22}\Z")
INSTANT = {"type": "string", "format": "date-time"}


class SelectionSchema(WhySchema):
    """Which records."""

    start = Instant(data_key="from", load_default=None, metadata=INSTANT)
    end = Instant(data_key="to", load_default=None, metadata=INSTANT)
    event = ma.fields.String(load_default=None, validate=ma.validate.OneOf(EVENTS))
    bundle = Base64url(43, load_default=None)

    @ma.validates_schema
    def _check_span(self, data: dict[str, Any], **_: Any) -> None:
        start, end = data.get("start"), data.get("end")
        if start is not None and end is not None and end <= start:
            raise ma.ValidationError("Must be later than from.", "to")


class ExportSchema(SelectionSchema):
    """Which records, in which form."""

    format = ma.fields.String(required=True, validate=ma.validate.OneOf(list(FORMATS)))
    level = ma.fields.String(load_default="decisions", validate=ma.validate.OneOf(LEVELS))
    #: Size of an earlier checkpoint.
    checkpoint = QueryInteger(load_default=None, validate=ma.validate.Range(1, LARGEST_NUMBER))


class ListSchema(SelectionSchema):
    """Which page of the records."""

    level = ma.fields.String(
        load_default="decisions", validate=ma.validate.OneOf(["decisions", "subjects"])
    )
    limit = QueryInteger(load_default=100, validate=ma.validate.Range(1, 1000))
    cursor = ma.fields.String(load_default=None, validate=ma.validate.Length(max=200))


class RecordPageSchema(ma.Schema):
    """One page of records."""

    records = ma.fields.List(ma.fields.Dict(), required=True)
    next = ma.fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Cursor of the next page; null on the last."},
    )


def write_cursor(position: Position) -> str:
    """Return a position as an opaque word."""
    instant, record_id = position
    return base64.urlsafe_b64encode(f"{rfc3339(instant)} {record_id}".encode()).decode()


def read_cursor(cursor: str) -> Position:
    """Return the position in a cursor of ours.

    :raises marshmallow.ValidationError: not one of ours
    """
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
        instant, _, record_id = text.partition(" ")
        position: Any = datetime.fromisoformat(instant), record_id
        is_whole = position[0].tzinfo is not None and RECORD_ID.match(record_id)
        if not is_whole or write_cursor(position) != cursor:
            raise ValueError(cursor)
    except (ValueError, binascii.Error, OverflowError):
        raise ma.ValidationError("Must be a cursor that this list gave.", "cursor") from None
    return position[0], position[1]
