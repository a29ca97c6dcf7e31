"""Rectification: wrong facts are put right by a new record, and the old one stays (R100)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent_server.consents.choices import Question
from consent_server.consents.errors import CategoryUnknown, CorrectionEmpty, LanguageUnknown
from consent_server.consents.models import ConsentRecord, NewRecord
from consent_server.consents.records import (
    append,
    following_instant,
    new_record_id,
    record_in_force,
)

#: Columns that a correction has from the record that it corrects.
KEPT = (
    "site_id",
    "expires_at",
    "revision",
    "bundle",
    "build",
    "policy_version",
    "profile",
    "gpc",
    "trusted",
    "subject",
    "n",
)


@dataclass(frozen=True)
class Correction:
    """What a record says wrongly. A controller can take a grant back, and never make one."""

    #: Optional categories that were not granted.
    refused: Collection[str] = ()
    #: BCP 47 tag of the language that was shown.
    language: str | None = None


def append_correction(
    record: ConsentRecord, bundle: dict[str, Any], correction: Correction, now: datetime
) -> NewRecord:
    """Append the record that corrects another; the caller holds the subject's lock and commits.

    It takes the place of the one it corrects where that one holds, and is without effect otherwise.

    :param bundle: what was shown
    :raises CorrectionEmpty: it says what the record says
    :raises CategoryUnknown: a category that the bundle does not ask for
    :raises LanguageUnknown: the bundle has no texts in this language
    :source: GDPR Art. 16
    """
    question = Question(bundle)
    refused = set(correction.refused)
    if unknown := refused - set(question.optional):
        raise CategoryUnknown(unknown, question.optional)
    languages = bundle["languages"]["available"]
    if correction.language not in (None, *languages):
        raise LanguageUnknown(str(correction.language), languages)
    alone = {id_ for id_, category in question.services.items() if category in refused}
    facts: dict[str, Any] = {
        "categories": _refused(record.categories, refused),
        "services": _refused(record.services, alone),
        "language": correction.language or record.language,
    }
    if all(getattr(record, name) == value for name, value in facts.items()):
        raise CorrectionEmpty
    event = _event(record, facts["categories"], facts["services"], question)
    corrected = _following(record, event, facts, now)
    append(corrected)
    return corrected


def _following(
    record: ConsentRecord, event: str, facts: dict[str, Any], now: datetime
) -> NewRecord:
    in_force = record_in_force(record.site_id, record.subject) if record.subject else None
    is_over = in_force is not None and in_force.record_id != record.record_id
    return NewRecord(
        **{name: getattr(record, name) for name in KEPT},
        **facts,
        record_id=new_record_id(),
        previous=in_force.record_id if in_force is not None else None,
        corrects=record.record_id,
        event=event,
        action=None,
        method=None,
        recorded_at=following_instant(record, now),
        superseded=record.superseded or is_over,
    )


def _refused(choices: dict[str, Any], ids: Collection[str]) -> dict[str, Any]:
    return {
        id_: {**choice, "granted": False, "ended": None}
        if id_ in ids and choice["granted"]
        else choice
        for id_, choice in choices.items()
    }


def _event(
    record: ConsentRecord, categories: dict[str, Any], services: dict[str, Any], question: Question
) -> str:
    if (categories, services) == (record.categories, record.services):
        return record.event
    choices = [*(categories[id_] for id_ in question.optional if id_ in categories)]
    choices += services.values()
    return "changed" if any(choice["granted"] for choice in choices) else "refused"
