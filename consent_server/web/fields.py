"""Field types of the wire that several features share."""

import re
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma

from consent_server.ledger.canonical import NotBase64url, base64url_decode

RFC3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII
)


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


class Base64url(ma.fields.String):
    """A fixed number of bytes as base64url without padding, in its one spelling."""

    default_error_messages = {  # noqa: RUF012
        "invalid": "Must be {length} characters of base64url without padding."
    }

    def __init__(self, length: int, **kwargs: Any):
        super().__init__(**kwargs)
        #: Characters.
        self.length = length
        self.validate = ma.validate.Length(equal=length)
        self.validators = [self._check]

    def _check(self, value: str) -> None:
        try:
            is_right = len(value) == self.length and bool(base64url_decode(value))
        except NotBase64url:
            is_right = False
        if not is_right:
            raise self.make_error("invalid", length=self.length)


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
