"""What a bundle says of a sealed proof that outlives an erasure (docs/retention.md)."""

from collections.abc import Mapping
from typing import Any

#: Where it stands, in a document and in its bundle.
KEY = "restricted_proof"


def keeps_more(before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> bool:
    """Say whether more is kept than visitors were told, longer, or for another reason.

    :param before: what one bundle says of it, None for nothing
    :param now: the same of the next one
    """
    if now is None:
        return False
    if before is None or now["months"] > before["months"]:
        return True
    told: Mapping[str, str] = before["reason"]
    return any(told[tag] != text for tag, text in now["reason"].items() if tag in told)
