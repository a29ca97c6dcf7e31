"""How a site's own back end speaks to the consent service: over HTTP, with its API key."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from demo.site import SITE

TIMEOUT_SECONDS = 5.0


class ServiceUnreachable(Exception):
    """A host did not answer, or not with what was asked for."""


class ConsentApi:
    """The routes of the service that the shop uses. The key never leaves this process."""

    def __init__(self, base: str, key: str):
        self._base = base
        self._key = key

    def check(self, token: str | None, category: str) -> dict[str, Any]:
        """Ask whether a category may be used for the visitor who holds this token.

        :returns: ``{"granted": bool, "categories": {id: {"granted", "reason", …}}, …}``
        :raises ServiceUnreachable: nobody knows, so nothing may be used
        """
        question = {"site": SITE, "category": category, "token": token or ""}
        answer: dict[str, Any] = self._get("/v1/check", question)
        return answer

    def records(self) -> list[dict[str, Any]]:
        """Return every record of the site's log, oldest first, without subjects.

        :raises ServiceUnreachable: the service did not answer
        """
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            question = {"limit": "1000", "cursor": cursor} if cursor else {"limit": "1000"}
            page = self._get(f"/v1/sites/{SITE}/consents", question)
            found += page["records"]
            cursor = page["next"]
            if not cursor:
                return found

    def _get(self, path: str, question: dict[str, str]) -> Any:
        url = f"{self._base}{path}?{urllib.parse.urlencode(question)}"
        return get_json(url, {"Authorization": f"Bearer {self._key}"})


def get_json(url: str, headers: dict[str, str] | None = None) -> Any:
    """Fetch JSON from another server of this machine.

    :raises ServiceUnreachable: no answer, an error, or no JSON
    """
    # No proxy of the environment stands between this machine and itself.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        request = urllib.request.Request(url, headers=headers or {})
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            return json.load(answer)
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise ServiceUnreachable(url) from error
