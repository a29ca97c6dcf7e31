"""What every object of a document shares: it takes the keys it has, and no other."""

from typing import Any

import marshmallow as ma

from consent_server.sites.document import fields


class Strict(ma.Schema):
    """Unknown keys are refused, wherever they stand."""

    class Meta:
        unknown = ma.RAISE

    error_messages = {"unknown": "unknown key", "type": fields.NOT_AN_OBJECT}  # noqa: RUF012 (read by marshmallow, never changed)


class Nested(ma.fields.Nested):
    """An object with keys of its own."""

    def __init__(self, nested: type[ma.Schema], about: str = "", **options: Any):
        messages: dict[str, Any] = {
            "required": fields.REQUIRED,
            "null": "is empty",
            "type": fields.NOT_AN_OBJECT,
        }
        super().__init__(nested, error_messages=messages, **options)
        self.about = about
