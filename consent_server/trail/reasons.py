"""The reason that somebody gives for a read or a change, checked on its way into the trail."""

import unicodedata
from typing import Any

import marshmallow as ma

from consent_server.trail.service import LONGEST_WHY


class Why(ma.fields.String):
    """Why somebody reads or changes something, in one line; kept in the normal form C."""

    default_error_messages = {  # noqa: RUF012
        "unprintable": "Must be one line of printable text.",
        "length": f"Must have 1 to {LONGEST_WHY} characters.",
    }

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = unicodedata.normalize("NFC", super()._deserialize(value, *args, **kwargs))
        if not text.isprintable():
            raise self.make_error("unprintable")
        if not 1 <= len(text) <= LONGEST_WHY:
            raise self.make_error("length")
        return text


class WhySchema(ma.Schema):
    """What every read with a key may say."""

    why = Why(load_default=None, metadata={"description": "Kept in the trail (docs/trail.md)."})
