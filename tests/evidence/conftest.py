"""A record in the log, and a way to ask for its proof."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import a_decision


@pytest.fixture
def record_id(decide, seal) -> str:
    """The id of a record that is in the log."""
    recorded = decide(a_decision()).json["record_id"]
    seal()
    return recorded


@pytest.fixture
def ask(client, api_key, site) -> Callable[..., Any]:
    """Ask for the proof of a record."""
    key = api_key("export")

    def ask(record: str, **parameters: str) -> Any:
        path = f"/v1/sites/demo/consents/{record}/proof"
        return client.get(path, query_string=parameters, headers=key)

    return ask
