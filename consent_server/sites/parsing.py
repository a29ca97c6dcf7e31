"""What the row of a publication says; one that somebody changed may say anything."""

import json
from functools import lru_cache
from typing import Any

from consent_server.columns import NOT_AS_WRITTEN
from consent_server.errors import RowUnreadable

#: What every bundle says, and many read.
ALWAYS = {"build", "categories", "languages", "policy", "profile", "reprompt_after", "services"}


@lru_cache(maxsize=256)
def parsed_bundle(_bundle_hash: str, text: str) -> dict[str, Any]:
    """Return the value of a bundle's text.

    :raises RowUnreadable: it is none
    """
    try:
        bundle = json.loads(text)
    except ValueError as error:
        raise RowUnreadable from error
    if not isinstance(bundle, dict) or not bundle.keys() >= ALWAYS:
        raise RowUnreadable
    return bundle


def listed_origins(document: Any) -> list[str]:
    """Return the origins that a document lists.

    :raises RowUnreadable: it lists none
    """
    try:
        origins = list(document["origins"])
    except NOT_AS_WRITTEN as error:
        raise RowUnreadable from error
    if not all(isinstance(origin, str) for origin in origins):
        raise RowUnreadable
    return origins
