"""``/.well-known/gpc.json``: said only by an operator who means it."""

import pytest

from consent_server.application import create_app
from consent_server.config import SettingsInvalid, load_settings

ADDRESS = "/.well-known/gpc.json"


def _client(tmp_path, **settings):
    environment = {"CONSENT_DATA_DIR": str(tmp_path / "data"), **settings}
    return create_app(load_settings(environment)).test_client()


def test_nothing_is_said_by_default(tmp_path):
    answer = _client(tmp_path).get(ADDRESS)

    assert (answer.status_code, answer.json["reason"]) == (404, "not_found")


def test_it_says_since_when(tmp_path):
    answer = _client(tmp_path, CONSENT_GPC_UPDATED="2026-11-23").get(ADDRESS)

    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.json == {"gpc": True, "lastUpdate": "2026-11-23"}
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "date", ["yes", "true", "23.11.2026", "2026-13-01", "2026-11-23T00:00:00Z"]
)
def test_only_a_date_switches_it_on(date):
    with pytest.raises(SettingsInvalid) as refusal:
        load_settings({"CONSENT_GPC_UPDATED": date})

    assert set(refusal.value.errors) == {"CONSENT_GPC_UPDATED"}
