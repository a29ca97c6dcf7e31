"""What the cookie that keeps an answer has room for.

A browser drops a cookie that is too long and keeps the one before it, with all that this one
allowed. Answers about single services give way (``consents.device``); those about categories fit.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from consent_server.sites.document.findings import Finding

#: How many characters of its value (``consents.device.LONGEST_STATE``) the categories may take; the
#: rest says what was shown, when, and to whom.
ROOM = 3_600
#: What one category takes beside its id, which stands there three times: its answer, the
#: publication that it is of, and its end.
BESIDE_ID = 81


def broken_cookie_rules(data: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what an answer to every category would be too long for."""
    categories = [item for item in data.get("categories") or [] if isinstance(item, dict)]
    ids = [str(item.get("id", "")) for item in categories if item.get("required") is False]
    needed = sum(3 * len(id_) + BESIDE_ID for id_ in ids)
    if needed > ROOM:
        message = (
            f"{len(ids)} optional categories with ids of {sum(map(len, ids))} characters in all: "
            "no cookie has room for the answers; shorten the ids, or ask for fewer"
        )
        yield Finding("categories", message, "answers_too_long")
