"""What is wrong, or could be better, in a document: one finding per place, all at once."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consent_server.errors import ConsentError

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Finding:
    """One remark about one place of a document."""

    #: ``services[0].stores[1].lifetime``; empty for the document as a whole.
    path: str
    #: In plain words: what is allowed, and why.
    message: str
    #: Stable machine-readable name, such as ``unknown_key``.
    reason: str = "invalid_value"


class DocumentInvalid(ConsentError):
    """The document breaks at least one rule; every broken rule is named."""

    status = 422
    reason = "document_invalid"

    def __init__(self, findings: Iterable[Finding], name: str | None = None):
        """:param name: of the document's file, where it came from one"""
        ordered = sorted(set(findings), key=lambda finding: (finding.path, finding.message))
        lines = [f"{finding.path or 'document'}: {finding.message}" for finding in ordered]
        begin = [] if name is None else [f"{name} is no site document (docs/site-document.md):"]
        super().__init__("\n".join(begin + lines))
        self._findings = ordered
        #: ``[{"path", "message", "reason"}, …]``, sorted by path.
        self.errors = [
            {"path": finding.path, "message": finding.message, "reason": finding.reason}
            for finding in ordered
        ]

    def of(self, name: str) -> "DocumentInvalid":
        """Return the same of a file with this name."""
        return DocumentInvalid(self._findings, name)


def path_to(steps: Sequence[str | int]) -> str:
    """Write a path, such as ``services[0].name`` or ``texts.fr["category.ads.title"]``."""
    path = ""
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            path += f".{step}" if path else step
        else:
            path += f'["{step[:80]}"]'
    return path
