"""Field types of the wire that several features share."""

import re
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma

RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII
)

DECIMAL = re.compile(r"(0|[1-9][0-9]{0,15})\Z", re.ASCII)


class StrictBoolean(ma.fields.Boolean):
    """``true`` or ``false`` and nothing else: "yes" and 1 are no consent."""

    default_error_messages = {"invalid": "Must be true or false."}  # noqa: RUF012

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if value is True or value is False:
            return value
        raise self.make_error("invalid", input=value)


class StrictInteger(ma.fields.Integer):
    """A JSON integer; ``true`` and "1" are refused."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid", input=value)
        return int(super()._deserialize(value, *args, **kwargs))


class QueryInteger(ma.fields.Integer):
    """An integer in an address, in one spelling: ASCII digits without a sign or leading zeros."""

    default_error_messages = {  # noqa: RUF012
        "invalid": "Must be a whole number, in digits alone."
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or not DECIMAL.match(value):
            raise self.make_error("invalid", input=value)
        return int(super()._deserialize(value, *args, **kwargs))


class QueryBoolean(ma.fields.Boolean):
    """A flag in an address, in one spelling: ``true`` or ``false``."""

    default_error_messages = {"invalid": "Must be true or false."}  # noqa: RUF012

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if value not in ("true", "false"):
            raise self.make_error("invalid", input=value)
        return bool(value == "true")


class Base64url(ma.fields.String):
    """A word of so many base64url characters; it is compared as it is written, never decoded."""

    def __init__(self, length: int, **kwargs: Any):
        form = ma.validate.Regexp(
            rf"^[A-Za-z0-9_-]{{{length}}}\Z",
            error=f"Must be {length} characters of base64url without padding.",
        )
        super().__init__(validate=form, **kwargs)


class Instant(ma.fields.Field[datetime]):
    """An RFC 3339 instant; any offset is read, UTC is written."""

    default_error_messages = {  # noqa: RUF012
        "invalid": "Must be an RFC 3339 instant such as 2026-11-22T20:00:00Z."
    }

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        try:
            if not isinstance(value, str) or not RFC3339.match(value):
                raise ValueError(value)
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None
