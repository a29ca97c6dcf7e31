"""What an audit of a log finds."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog

from consent_server.columns import NOT_AS_WRITTEN
from consent_server.errors import place_of
from consent_server.sealing.errors import LogInconsistent

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Finding:
    """One thing that is not what was signed."""

    #: The entry that it is about; None where it is about none in particular.
    index: int | None
    problem: str

    def __post_init__(self) -> None:
        """Let what it quotes be text that can be printed, whatever the row has."""
        printable = self.problem.encode(errors="backslashreplace").decode()
        object.__setattr__(self, "problem", printable)

    def __str__(self) -> str:
        place = "" if self.index is None else f"index {self.index}: "
        return place + self.problem


@contextmanager
def rows_readable() -> Iterator[None]:
    """Refuse what cannot be read as what was changed: the log is not signed until it can.

    :raises LogInconsistent: a row is not as any that the service writes
    """
    try:
        yield
    except NOT_AS_WRITTEN as error:
        log.error("log_row_unreadable", error=type(error).__name__, at=place_of(error))
        raise LogInconsistent("a row that it takes cannot be read: log audit says more") from error
