"""What an audit of a log finds."""

from dataclasses import dataclass


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
