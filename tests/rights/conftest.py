"""A visitor's requests, by possession of the consent id."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import ORIGIN, VISITOR


@pytest.fixture
def request_me(client, site) -> Callable[..., Any]:
    """Ask for, or erase, what is held about a consent id."""

    def request_me(
        method: str = "GET",
        path: str = "",
        consent_id: str | None = VISITOR,
        origin: str | None = ORIGIN,
        site_id: str = "demo",
    ) -> Any:
        headers = {"Origin": origin, "Consent-Id": consent_id}
        named = {name: value for name, value in headers.items() if value is not None}
        return client.open(f"/v1/sites/{site_id}/me{path}", method=method, headers=named)

    return request_me


@pytest.fixture
def ask(client, site):
    """Ask for what is held about a consent id."""

    def ask(path="", consent_id=VISITOR, origin=ORIGIN, site_id="demo", **parameters):
        headers = {"Origin": origin, "Consent-Id": consent_id}
        named = {name: value for name, value in headers.items() if value is not None}
        address = f"/v1/sites/{site_id}/me{path}"
        return client.get(address, headers=named, query_string=parameters)

    return ask
