"""Why a log is not signed, and what it cannot show yet."""

from datetime import datetime

from consent_server.columns import rfc3339
from consent_server.errors import ConsentError


class SealRefused(ConsentError):
    """The log of a site was not signed, because what it rests on is not what it was."""

    status = 409
    reason = "seal_refused"


class RecordDiffers(SealRefused):
    """A queued record is not what was committed to when it was made, so it was not signed."""

    reason = "record_differs"

    def __init__(self, record_id: str, problem: str):
        super().__init__(f"record {record_id}: {problem}")
        self.record_id = record_id


class LogInconsistent(SealRefused):
    """The stored tree is not the one that was signed."""

    reason = "log_inconsistent"


class LogRestored(SealRefused):
    """The database holds less than was signed: it is an older copy, and another future is refused.

    Checkpoints that were given out would contradict whatever was signed now.
    """

    reason = "log_restored"

    def __init__(self, found: int, signed: int):
        super().__init__(
            f"the database holds a log of {found} entries, but one of {signed} was signed: "
            "restore a newer copy of the database, or run: log recover SITE (docs/log.md)"
        )
        self.found = found
        self.signed = signed


class LogKeyUnusable(SealRefused):
    """The log's key is missing though it was used, readable by others, or not what we wrote."""

    status = 500
    reason = "log_key_unusable"


class LogKeyNeeded(ConsentError):
    """Logs have no checkpoint by the newest key yet, so the one before it is still needed."""

    status = 409
    reason = "log_key_needed"

    def __init__(self, site_ids: list[str]):
        named = ", ".join(site_ids)
        super().__init__(f"the newest key has not signed these logs yet: {named}; run: log seal")
        self.site_ids = site_ids


class LeaseLost(ConsentError):
    """Another process puts entries into this log now; it carries on where this one stopped."""

    status = 409
    reason = "lease_lost"

    def __init__(self) -> None:
        super().__init__("another process is at work on this log")


class NotWitnessed(ConsentError):
    """No checkpoint of this log has been seen by as many witnesses as the policy asks for."""

    status = 404
    reason = "not_witnessed"

    def __init__(self) -> None:
        super().__init__("no checkpoint has the cosignatures that the policy asks for")


class LogEmpty(ConsentError):
    """Nothing of this site was signed yet."""

    status = 404
    reason = "log_empty"

    def __init__(self) -> None:
        super().__init__("no checkpoint was signed yet")


class RecordUnknown(ConsentError):
    """This site has no record with this id; another site's looks the same."""

    status = 404
    reason = "record_unknown"

    def __init__(self, record_id: str | None = None):
        """:param record_id: for the command line alone: an answer is the same for every id"""
        named = "this id" if record_id is None else f"the id {record_id[:100]}"
        super().__init__(f"no record of this site has {named}")


class NotSealed(ConsentError):
    """The record waits for its place in the log."""

    status = 409
    reason = "not_sealed"

    def __init__(self, by: datetime):
        super().__init__(f"the record will be in the log by {rfc3339(by)}")
        #: The latest instant by which it will be in the log.
        self.sealed_by = rfc3339(by)


class EvidenceDamaged(ConsentError):
    """What is stored is not what was signed, so nothing of it is given out as evidence."""

    status = 409
    reason = "evidence_damaged"

    def __init__(self, part: str, place: str | None = None):
        """:param place: where in the log, if that is known; nothing of a visitor"""
        where = f" ({place})" if place is not None else ""
        super().__init__(f"{part}{where} is not what was signed; run: log audit")
        #: ``record``, ``log``, ``bundle`` or ``build``.
        self.part = part
        if place is not None:
            self.place = place
