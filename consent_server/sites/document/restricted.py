"""What a site says when it keeps a sealed proof after an erasure (docs/retention.md)."""

from collections.abc import Iterator, Mapping
from typing import Any

import marshmallow as ma

from consent_server.ledger.restricted import check_public_key
from consent_server.sites.document import closed_lists
from consent_server.sites.document.fields import NOT_AN_OBJECT, Checked, WholeNumber, messages
from consent_server.sites.document.findings import Finding, path_to
from consent_server.sites.document.objects import Strict
from consent_server.sites.document.texts import read_plain, slot_schema
from consent_server.sites.restricted import KEY

#: Five years, the usual limitation of personal claims (Code civil, Art. 2224).
MOST_MONTHS = 60
#: Characters: the visitor reads it before pressing.
LONGEST_REASON = 300


class ReasonInEachLanguage(ma.fields.Field[Any]):
    """Language → one plain text."""

    def __init__(self, about: str, missing: str):
        super().__init__(error_messages=messages(missing), required=True)
        self.about = about

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> dict[str, str]:
        if not isinstance(value, dict):
            raise ma.ValidationError(NOT_AN_OBJECT)
        read: dict[str, str] = {}
        refused: dict[str, Any] = {}
        for language, text in value.items():
            try:
                read[language] = read_plain(text, LONGEST_REASON)
            except ma.ValidationError as error:
                refused[language] = error.messages
        if refused:
            raise ma.ValidationError(refused, valid_data=read)
        return read

    def json_schema(self) -> dict[str, Any]:
        """Return the same rules for editors."""
        return {
            "type": "object",
            "propertyNames": {"enum": list(closed_lists.LANGUAGES)},
            "additionalProperties": slot_schema(LONGEST_REASON),
        }


class RestrictedProofSchema(Strict):
    """A sealed proof that outlives an erasure."""

    months = WholeNumber(
        1, MOST_MONTHS, required=True, about="How long it is kept after the erasure."
    )
    key = Checked(
        check_public_key,
        "[A-Za-z0-9_-]{43}",
        required=True,
        about="Public key of whoever may read it, as rights restricted-key prints it.",
    )
    reason = ReasonInEachLanguage(
        "Language, then why it is kept and who can read it: one plain text for visitors.",
        "visitors are told before they erase (GDPR Art. 13(2)(a), 17(3)(e))",
    )


def broken_restricted_rules(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding for each language of the site without a reason, and each that is none."""
    reason = (data.get(KEY) or {}).get("reason")
    available = (data.get("languages") or {}).get("available") or []
    if not isinstance(reason, dict) or not available:
        return
    for language in available:
        if isinstance(language, str) and language not in reason:
            path = path_to((KEY, "reason", language))
            yield Finding(path, "is required: visitors are told in their language", "missing_key")
    for language in reason:
        if language not in available:
            message = "this language is not one of languages.available"
            yield Finding(path_to((KEY, "reason", language)), message, "not_available")
