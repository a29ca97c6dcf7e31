"""What one check says."""

from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Line:
    """What was looked at and what was seen; never a secret."""

    #: Stable name; a row of docs/selfcheck.md.
    name: str
    #: ``fail`` when the service must not run like this; ``warn`` when it may, and is worse for it.
    status: Status
    seen: str
    #: What to do about it; empty when all is well.
    mend: str = ""
    #: Of a failure that says nothing against a start: it may have passed by then, and the service
    #: answers for itself while it has not.
    may_pass: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the form that a script reads."""
        return {"name": self.name, "status": self.status, "seen": self.seen, "mend": self.mend}


def ok(name: str, seen: str) -> Line:
    """All is well."""
    return Line(name, "ok", seen)


def warn(name: str, seen: str, mend: str) -> Line:
    """The service may run like this, and something is worse for it."""
    return Line(name, "warn", seen, mend)


def fail(name: str, seen: str, mend: str, *, may_pass: bool = False) -> Line:
    """The service must not run like this."""
    return Line(name, "fail", seen, mend, may_pass)


def not_looked_at(name: str, error: Exception) -> Line:
    """What was looked at is so odd that the check itself failed; its message may quote a secret."""
    seen = f"could not be looked at ({type(error).__name__})"
    mend = "look at it by hand; the other lines hold"
    return fail(name, seen, mend, may_pass=True)
