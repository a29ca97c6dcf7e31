"""Why a witness did not cosign."""

from consent_server.errors import ConsentError


class WitnessRefused(ConsentError):
    """A witness was asked, and there is no cosignature of it."""

    status = 502
    reason = "witness_refused"


class WitnessSilent(WitnessRefused):
    """It cannot be reached, takes too long, or has too much to do; the next round asks again."""

    reason = "witness_silent"


class WitnessBroken(WitnessRefused):
    """It is out of order, perhaps for this log alone."""

    reason = "witness_broken"


class WitnessRejects(WitnessRefused):
    """It does not know this log, or not its key, or not this protocol."""

    reason = "witness_rejects"


class WitnessAnswerInvalid(WitnessRefused):
    """What it answered holds no cosignature by its key, made now, over this checkpoint."""

    reason = "witness_answer_invalid"


class WitnessDiffers(WitnessRefused):
    """It saw another log under this name: a longer one, or one that this one does not continue.

    Either the database and the data directory were set back to an older copy, or somebody else
    signs with the log's key.
    """

    reason = "witness_differs"


class WitnessForgot(WitnessRefused):
    """It no longer knows what it cosigned: it was set back, and would cosign a second history."""

    reason = "witness_forgot"


#: What is told at once, and stays told until the witness cosigns.
CONTRADICTIONS = (WitnessDiffers.reason, WitnessForgot.reason)
