"""Why a checkpoint is not cosigned; each has the status that c2sp.org/tlog-witness asks for."""

from consent_server.errors import ConsentError


class RequestMalformed(ConsentError):
    """The body is not an old size, a proof and a checkpoint."""

    status = 400
    reason = "request_malformed"


class LogUnknown(ConsentError):
    """No log of this origin is in the policy."""

    status = 404
    reason = "log_unknown"

    def __init__(self) -> None:
        super().__init__("this witness does not know the log")


class LogKeyUntrusted(ConsentError):
    """No key that the policy has for the log signed the checkpoint."""

    status = 403
    reason = "log_key_untrusted"

    def __init__(self) -> None:
        super().__init__("no trusted key of the log signed the checkpoint")


class SeenAnother(ConsentError):
    """The log was seen last at another size, or with another root at this one."""

    status = 409
    reason = "seen_another"

    def __init__(self, size: int):
        super().__init__(f"the log was seen last with {size} entries, and not as this says")
        #: Entries of the checkpoint that was cosigned last.
        self.size = size


class GrowthUnproven(ConsentError):
    """The proof does not show that the log only grew."""

    status = 422
    reason = "growth_unproven"

    def __init__(self) -> None:
        super().__init__("the proof does not show that the log only grew")


class WitnessUnusable(ConsentError):
    """What the witness keeps is missing or damaged; it signs nothing until it is put right."""

    status = 500
    reason = "witness_unusable"
