"""The two parts of a record that the log commits to: what was decided, and by whom.

Both are functions of what is given out of the row (``ledger.record``), so that whoever has that
and its keys can tell that nothing in it was changed.
"""

from typing import Any

from consent_server.consents.models import AnyRecord
from consent_server.ledger.canonical import NotCanonical
from consent_server.ledger.record import decision_part, subject_part


def parts_of(record: AnyRecord, duration: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the decision part ``d`` of a record and its subject part ``s``.

    :param duration: ``reprompt_after`` of the bundle that was shown, ISO 8601
    :raises NotCanonical: an instant of it is finer than a millisecond
    """
    if record.recorded_at.microsecond % 1000 or record.expires_at.microsecond % 1000:
        raise NotCanonical("an instant finer than a millisecond")
    exported = record.exported_for(duration, with_subject=True)
    return decision_part(exported), subject_part(exported)
