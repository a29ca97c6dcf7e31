"""The one family of deliberate refusals; everything else that is raised is a bug."""

from typing import Any


class ConsentError(Exception):
    """A refusal that the caller can act on.

    Subclasses are named after the situation and live next to the feature that raises them. Public
    instance attributes are evidence: the web layer and the command line show them, so they never
    hold a secret, an address or a consent id.
    """

    #: HTTP status of the answer, 400 to 599.
    status: int = 400
    #: Stable machine-readable name; part of the public interface (docs/http-api.md).
    reason: str = "refused"

    def evidence(self) -> dict[str, Any]:
        """Return the public attributes of this refusal, as JSON-ready values."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}


def place_of(error: BaseException) -> str:
    """Return the line of ours that an error came from, and no word of what was read there."""
    found, trace = "", error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_globals.get("__name__", "")
        if name.startswith("consent_server."):
            found = f"{name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
