"""The packages that the service runs with, as requirements.txt has them."""

import re
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.txt"
#: What the lock file calls whoever declares a package in pyproject.toml.
SELF = "consent-server"


@dataclass(frozen=True)
class Locked:
    """One package."""

    name: str
    version: str
    #: PEP 508, where it is not installed everywhere; else empty.
    marker: str
    #: SHA-256 of each of its files, as hexadecimal digits.
    hashes: tuple[str, ...]
    #: Names of the packages that need it; :data:`SELF` is one of them where it is declared.
    needed_by: frozenset[str]

    @property
    def purl(self) -> str:
        """The address that bills of materials and advisories name it by."""
        return f"pkg:pypi/{self.name}@{self.version}"


def read_lock(path: Path = LOCK) -> list[Locked]:
    """Return the packages of a lock file, in its order, which is that of their names.

    :raises ValueError: an entry is not exact, or has no hash
    """
    return [_locked(block) for block in _blocks(path.read_text(encoding="utf-8"))]


def _blocks(text: str) -> list[list[str]]:
    """Return the lines of each entry: the requirement, its hashes, who needs it."""
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if re.match("[a-z0-9]", line):
            blocks.append([])
        if blocks:
            blocks[-1].append(line)
    return blocks


def _locked(block: list[str]) -> Locked:
    requirement = Requirement(block[0].rstrip(" \\"))
    exact = re.fullmatch(r"==([0-9][^,*]*)", str(requirement.specifier))
    rest = "\n".join(block[1:])
    hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})\b", rest)
    if exact is None or not hashes:
        raise ValueError(f"{requirement.name} is not locked to files that are known")
    comments = re.findall(r"#\s+(?:via )?([a-z0-9][\w.-]*)", rest)
    return Locked(
        name=requirement.name,
        version=exact[1],
        marker=str(requirement.marker or ""),
        hashes=tuple(hashes),
        needed_by=frozenset(comments) - {"via"},
    )
