"""Who may see what of a log, by HTTP."""

import re

import pytest

from tests.builders import acceptance, refusal

TILES = ["log/tile/0/000.p/3", "log/tile/entries/000.p/3"]


@pytest.fixture
def sealed(decide, seal):
    """The id of a record that is in the log."""
    record_id = decide(acceptance()).json["record_id"]
    seal()
    return record_id


@pytest.fixture
def get(client):
    def get(path, key=None, site="demo"):
        return client.get(f"/v1/sites/{site}/{path}", headers=key or {})

    return get


def test_checkpoint_and_key_are_for_everybody(sealed, get):
    checkpoint, key = get("log/checkpoint"), get("log/key")

    assert (checkpoint.status_code, key.status_code) == (200, 200)
    assert checkpoint.content_type == key.content_type == "text/plain; charset=utf-8"
    assert checkpoint.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"consent\.example/log/demo\+[0-9a-f]{8}\+[\w+/=]+\n", key.text)


def test_before_anything_was_signed_there_is_a_key_and_no_checkpoint(published_unsealed, get):
    key, checkpoint = get("log/key"), get("log/checkpoint")

    assert key.status_code == 200
    assert (checkpoint.status_code, checkpoint.json["reason"]) == (404, "log_empty")
    assert get("log/key").text == key.text


@pytest.mark.parametrize("path", [*TILES, "consents/{record}/proof"])
def test_entries_tiles_and_proofs_need_a_key_with_its_scope(sealed, get, api_key, path):
    path = path.format(record=sealed)
    answers = [
        get(path),
        get(path, api_key("check")),
        get(path, {**api_key("export"), "Origin": "https://shop.example"}),
        get(path, api_key("export")),
    ]

    assert [answer.status_code for answer in answers] == [401, 403, 403, 200]


@pytest.mark.parametrize("path", ["log/checkpoint", "log/key", *TILES, "consents/{record}/proof"])
def test_a_foreign_site_looks_like_one_that_does_not_exist(sealed, publish, get, api_key, path):
    publish("other")
    path, key = path.format(record=sealed), api_key("export", site="other")

    unknown = get(path, key, "nowhere")
    assert (unknown.status_code, unknown.json["reason"]) == (404, "site_unknown")
    if path not in ("log/checkpoint", "log/key"):
        assert get(path, key, "demo").json == unknown.json


def test_a_record_of_another_site_is_unknown(sealed, publish, get, api_key):
    publish("other")
    key = api_key("export", site="other")

    foreign = get(f"consents/{sealed}/proof", key, "other")
    unknown = get("consents/AAAAAAAAAAAAAAAAAAAAAA/proof", key, "other")

    assert (foreign.status_code, foreign.json["reason"]) == (404, "record_unknown")
    assert foreign.json == unknown.json


def test_a_record_that_waits_says_by_when_it_is_in(decide, get, api_key, seal):
    record_id = decide(acceptance()).json["record_id"]
    seal()
    waiting = decide(refusal()).json["record_id"]
    key = api_key("export")

    answer = get(f"consents/{waiting}/proof", key)

    assert (answer.status_code, answer.json["reason"]) == (409, "not_sealed")
    assert answer.json["sealed_by"] == "2026-11-22T20:01:00.000Z"
    assert get(f"consents/{record_id}/proof", key).status_code == 200


def test_full_tiles_may_be_kept_for_ever_and_by_their_owner_alone(decide, seal, get, api_key):
    for _ in range(260):
        decide(refusal())
    seal()
    key = api_key("export")

    full, partial = get("log/tile/0/000", key), get("log/tile/0/001.p/6", key)

    assert full.headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert partial.headers["Cache-Control"] == "no-store"
    assert (len(full.data), len(partial.data)) == (256 * 32, 6 * 32)
    assert get("log/tile/0/001.p/5", key).data == partial.data[: 5 * 32]


@pytest.mark.parametrize(
    "path",
    ["0/001", "0/000.p/4", "0/000", "1/000.p/1", "0/0", "x/000", "entries/000", "entries/000.p/4"],
)
def test_what_the_tree_does_not_have_is_not_found(sealed, get, api_key, path):
    answer = get(f"log/tile/{path}", api_key("export"))

    assert (answer.status_code, answer.json["reason"]) == (404, "tile_invalid")
