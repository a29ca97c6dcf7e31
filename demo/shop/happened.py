"""What the panel shows: the record, the answer of the check API, the log, what vendors received."""

import threading
from typing import Any

from demo.shop.consent_api import ConsentApi, get_json

#: The category that the shop asks the check API about.
CATEGORY = "analytics"
#: Records and old tokens that the panel shows.
NEWEST = 6


class Happened:
    """Collects the other servers' view of what a visitor of this page decided."""

    def __init__(self, api: ConsentApi, analytics: str):
        self._api = api
        self._analytics = analytics
        self._lock = threading.Lock()
        #: In the order of arrival, which the demo's clock cannot change.
        self._log: dict[str, dict[str, Any]] = {}
        #: Record id → token, kept as a careless server might keep them.
        self._tokens: dict[str, str] = {}

    def to(self, token: str | None, *, decided: bool) -> dict[str, Any]:
        """Return what happened to the visitor who holds this token.

        :param token: the page's cookie, None when there is none
        :param decided: whether the page remembers any decision
        """
        check = self._api.check(token, CATEGORY)
        records = self._api.records()
        with self._lock:
            for record in records:
                self._log.setdefault(record["record_id"], record)
            self._keep(token, check)
            log = list(self._log.values())
            old = list(self._tokens)[-NEWEST:]
        return {
            "check": check,
            "record": _own_record(log, check["record_id"], decided=decided),
            "log": log[: -NEWEST - 1 : -1],
            "old_tokens": old[::-1],
            "received": get_json(f"{self._analytics}/received")[::-1],
        }

    def replay(self, record_id: str) -> dict[str, Any]:
        """Ask the check API about a token of earlier, as if it were still good."""
        with self._lock:
            token = self._tokens.get(record_id)
        return self._api.check(token, CATEGORY)

    def _keep(self, token: str | None, check: dict[str, Any]) -> None:
        """Remember a token that grants something."""
        optional = [answer for id_, answer in check["categories"].items() if id_ != "necessary"]
        if token and any(answer["granted"] for answer in optional):
            self._tokens.setdefault(check["record_id"], token)


def _own_record(
    log: list[dict[str, Any]], record_id: str | None, *, decided: bool
) -> dict[str, Any] | None:
    """Return the visitor's record.

    A refusal carries no identifier, so nobody can say whose it is: the newest one is shown.
    """
    if record_id is not None:
        return next((record for record in log if record["record_id"] == record_id), None)
    refusals = [record for record in log if record["event"] == "refused"]
    return refusals[-1] if decided and refusals else None
