"""The texts that a site may write itself, and the ones that it cannot."""

from typing import Any

import marshmallow as ma

from consent_server.sites.document import closed_lists
from consent_server.sites.document.fields import (
    NOT_AN_OBJECT,
    ListOf,
    Text,
    did_you_mean,
    messages,
)

#: Longest text of each kind, in characters. A category is explained in one sentence on the first
#: layer (CNIL recommendation 2020-092), and a title is not a paragraph.
LONGEST = {"title": 120, "intro": 4_000, "category title": 80, "category text": 200}

LOCKED = (
    "cannot be written: this text is reviewed in every language, so that no answer is made to look "
    "worse than the other; yours are title, intro, category.<id>.title and category.<id>.text"
)


class Texts(ma.fields.Field[Any]):
    """Language → slot → text; only the free slots."""

    def __init__(self, about: str = "", **options: Any):
        super().__init__(error_messages={"null": "is empty"}, **options)
        self.about = about

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, dict[str, str]]:
        if not isinstance(value, dict):
            raise ma.ValidationError(NOT_AN_OBJECT)
        read: dict[str, dict[str, str]] = {}
        refused: dict[str, Any] = {}
        for language, slots in value.items():
            if language not in closed_lists.LANGUAGES:
                hint = did_you_mean(language, closed_lists.LANGUAGES)
                refused[language] = [f"no texts ship in this language{hint}"]
            elif not isinstance(slots, dict):
                refused[language] = [NOT_AN_OBJECT]
            else:
                read[language], wrong = _read_slots(slots)
                refused.update({language: wrong} if wrong else {})
        if refused:
            raise ma.ValidationError(refused, valid_data=read)
        return read

    def json_schema(self) -> dict[str, Any]:
        """Return the same rules for editors."""
        slots = {
            "type": "object",
            "properties": {slot: slot_schema(LONGEST[slot]) for slot in closed_lists.FREE_SLOTS},
            "patternProperties": {
                rf"^category\.{closed_lists.ID}\.{part}$": slot_schema(LONGEST[f"category {part}"])
                for part in ("title", "text")
            },
            "additionalProperties": False,
        }
        return {
            "type": "object",
            "propertyNames": {"enum": list(closed_lists.LANGUAGES)},
            "additionalProperties": slots,
        }


class InEachLanguage(ma.fields.Field[Any]):
    """One value for all languages, or an object: language → value."""

    def __init__(self, inner: ListOf, about: str = "", missing: str = "", **options: Any):
        super().__init__(error_messages=messages(missing), **options)
        self.inner = inner
        self.about = about

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        if not isinstance(value, dict):
            return self.inner.deserialize(value)
        read: dict[str, Any] = {}
        refused: dict[str, Any] = {}
        for language, item in value.items():
            try:
                read[language] = self.inner.deserialize(item)
            except ma.ValidationError as error:
                refused[language] = error.messages
        if refused:
            raise ma.ValidationError(refused, valid_data=read)
        return read

    def json_schema(self, inner: dict[str, Any]) -> dict[str, Any]:
        """Return the same rules for editors.

        :param inner: those of one value
        """
        languages = {"enum": list(closed_lists.LANGUAGES)}
        mapping = {"type": "object", "propertyNames": languages, "additionalProperties": inner}
        return {"anyOf": [inner, mapping]}


def slots_of(category: str) -> tuple[str, str]:
    """Return the slots of a category: its title and its text."""
    return f"category.{category}.title", f"category.{category}.text"


def _read_slots(slots: dict[str, Any]) -> tuple[dict[str, str], dict[str, list[str]]]:
    read: dict[str, str] = {}
    wrong: dict[str, list[str]] = {}
    for slot, text in slots.items():
        try:
            read[slot] = _read_text(slot, text)
        except ma.ValidationError as error:
            wrong[slot] = error.messages  # type: ignore[assignment]
    return read, wrong


def _read_text(slot: str, text: Any) -> str:
    part = closed_lists.CATEGORY_SLOT.fullmatch(slot)
    if part is None and slot not in closed_lists.FREE_SLOTS:
        hint = did_you_mean(slot, closed_lists.FREE_SLOTS)
        raise ma.ValidationError(LOCKED + hint)
    return read_plain(text, LONGEST[f"category {part[2]}" if part else slot])


def read_plain(text: Any, longest: int) -> str:
    """Return a site's own text, on one line.

    :param longest: characters
    :raises ma.ValidationError: in plain words
    """
    read: str = Text(longest).read(text)
    if "{" in read or "}" in read:
        raise ma.ValidationError("must be plain text; { and } are kept for the shipped texts")
    return read


def slot_schema(longest: int) -> dict[str, Any]:
    """Return the same rules for editors."""
    return {"type": "string", "minLength": 1, "maxLength": longest, "pattern": r"^[^{}\r\n]+$"}
