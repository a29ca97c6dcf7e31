"""One thing that the tests need from the machine: found, installed or missing."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tool:
    """A tool that is there and was seen to work."""

    name: str
    version: str
    path: Path
    #: Where it came from: "found", or the installer that brought it.
    origin: str = "found"


class ToolMissing(Exception):
    """A tool is not there and could not be installed; the message names the command that would."""

    def __init__(self, name: str, why: str, remedy: str):
        super().__init__(f"{name} is missing ({why}); {remedy}")
        self.name = name
        self.why = why
        self.remedy = remedy


def table(tools: list[Tool], missing: list[ToolMissing]) -> str:
    """Return the lines that tell a person what stands and what does not."""
    lines = [f"  {t.name:<11} {t.version:<16} {t.origin:<21} {t.path}" for t in tools]
    lines += [f"  {m.name:<11} {'MISSING':<16} {m.why}\n{'':14}{m.remedy}" for m in missing]
    return "\n".join(lines)
