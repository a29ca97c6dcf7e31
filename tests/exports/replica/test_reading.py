"""An export reads from the replica what it would read from the database, and nothing older."""

import json
from dataclasses import replace

import pytest

from consent_server.replica import Replica, replica_of
from tests.builders import ORIGIN, refusal
from tests.exports.paging import records_a_page

#: The visitor whose record is the first of the log (``sealed``).
FIRST = "0AECAwQFBgcICQoLDA0ODw"[:21] + "w"


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch):
    records_a_page(monkeypatch, 5)


@pytest.fixture
def erase_first(client, sealed, records):
    """Erase what is held about that visitor; answered when it is done."""

    def erase_first() -> set[str]:
        before = {record["record_id"] for record in records()}
        headers = {"Origin": ORIGIN, "Consent-Id": FIRST}
        answer = client.delete("/v1/sites/demo/me", headers=headers)
        assert answer.json["erased"] == 3, answer.text
        return before - {record["record_id"] for record in records()}

    return erase_first


def ids_in(path):
    lines = map(json.loads, path.read_text().splitlines())
    return {line["record_id"] for line in lines if "record_id" in line}


def test_it_gives_the_same_bytes_and_asks_the_database_for_no_record(
    app, sealed, decide, export_to, run, tmp_path, verified, outcomes, logged, asked_of_primary
):
    decide(refusal())  # waits
    asked = [("jsonl", "subjects"), ("csv", "decisions"), ("jsonld", "decisions")]
    asked += [("csv", "counts")]
    del asked_of_primary[:]

    from_replica = [export_to(*which) for which in asked]
    filtered = export_to("jsonl", name="filtered", event="given")
    of_replica, of_command = list(asked_of_primary), tmp_path / "of_command.csv"
    result = run("export", "demo", "-o", of_command)
    told = outcomes()
    app.extensions["consent_replica"] = None
    from_database = [export_to(*which, name=f"{which[1]}-database") for which in asked]

    for one, other in zip(from_replica, from_database, strict=True):
        assert one.read_bytes() == other.read_bytes()
    assert [verified(path).problems for path in [*from_replica, filtered]] == [[]] * 5
    assert result.exit_code == 0, result.output
    assert of_command.read_bytes() == from_replica[1].read_bytes()
    assert (told, outcomes()) == ({"read": 6}, {"read": 6})
    assert not [line for line in logged if line["event"] == "replica_not_read"]
    assert len([text for text in of_replica if text.startswith("INSERT INTO trail_lines")]) == 5
    assert not [text for text in of_replica if "consent_records" in text or "log_tiles" in text]
    assert [text for text in asked_of_primary if "log_tiles" in text]


def test_what_was_erased_is_in_no_export_that_begins_later(
    erase_first, held_back, replica, export_to, verified, outcomes, logged, monkeypatch
):
    replica.wait = 0
    held_back.hold_back()
    erased = erase_first()

    path = export_to("jsonl")

    assert verified(path).problems == []
    assert len(ids_in(path)) == 21
    assert not ids_in(path) & erased
    assert outcomes() == {"behind": 1}

    monkeypatch.setattr(Replica, "_shows", lambda *_: True)  # the control: believed unseen
    assert erased <= ids_in(export_to("jsonl", name="control"))
    assert outcomes() == {"behind": 1, "read": 1}
    assert [line["reason"] for line in logged if line["event"] == "replica_not_read"] == ["behind"]


def test_a_replica_that_is_a_moment_behind_is_waited_for(
    erase_first, held_back, replica, export_to, outcomes
):
    waited = []

    def sleep(seconds):
        waited.append(seconds)
        if len(waited) == 2:
            held_back.let_go()

    replica._sleep = sleep
    held_back.hold_back()
    erased = erase_first()

    path = export_to("jsonl")

    assert len(waited) >= 2
    assert not ids_in(path) & erased
    assert outcomes() == {"read": 1}


def test_a_server_that_follows_nothing_is_not_read(app, sealed, database_url, export_to, outcomes):
    """The database itself by another name."""
    settings = app.extensions["consent_settings"]
    named = replace(settings, replica_url=database_url.replace("127.0.0.1", "localhost"))
    app.extensions["consent_replica"] = replica_of(named)

    path = export_to("jsonl")
    app.extensions["consent_replica"].engine.dispose()

    assert len(ids_in(path)) == 24
    assert outcomes() == {"unfit": 1}
