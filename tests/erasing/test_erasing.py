"""What is held about a visitor goes, its entries stay, and a tombstone says so."""

import json

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from consent_server.db import db
from tests.builders import (
    OTHER_VISITOR,
    VISITOR,
    acceptance,
    refusal,
    withdrawal,
)
from tests.log.tampering import unguarded
from tests.log.verifier import included

PLAIN = {"format": "tlog-proof"}


def tombstones(rows):
    entries = [json.loads(bytes(row["entry"])) for row in rows("log_entries", "leaf_index")]
    return [entry for entry in entries if entry["t"] == "er"]


@pytest.fixture
def three_visitors(decide, clock):
    """Two who granted, one of them withdrew, and one who refused; gives their record ids."""
    own = [decide(acceptance(1)).json["record_id"]]
    others = [decide(acceptance(1, consent_id=OTHER_VISITOR)).json["record_id"]]
    clock.advance(minutes=1)
    own.append(decide(withdrawal(2)).json["record_id"])
    others.append(decide(refusal()).json["record_id"])
    return own, others


def test_records_keys_and_links_are_gone_and_the_entries_stay(
    three_visitors, seal, erase, rows, audit
):
    _, others = three_visitors
    seal()
    before = [bytes(row["entry"]) for row in rows("log_entries", "leaf_index")]

    assert erase() == 2
    waiting = audit()
    seal()

    assert waiting == audit() == []
    for table in ("consent_records", "log_opening_keys", "idempotency_keys"):
        assert {row["record_id"] for row in rows(table)} == set(others), table
    entries = rows("log_entries", "leaf_index")
    assert [bytes(row["entry"]) for row in entries[: len(before)]] == before
    assert {row["record_id"] for row in entries} == {*others, None}
    assert rows("log_erasures") == rows("log_queue") == []


def test_one_tombstone_names_every_entry_of_one_erasure(three_visitors, seal, erase, rows):
    own, _ = three_visitors
    seal()
    places = [row["leaf_index"] for row in rows("log_entries") if row["record_id"] in own]

    erase()
    assert seal().count == 1

    [tombstone] = tombstones(rows)
    expected = {"i": sorted(places), "p": ["d", "s"], "r": "art17", "t": "er", "v": 1}
    assert tombstone == expected


def test_what_waits_is_sealed_without_its_record_and_named_as_soon_as_it_has_a_place(
    three_visitors, seal, erase, rows, audit
):
    assert erase() == 2
    waiting = audit()
    assert seal().count == 4 + 1

    assert waiting == audit() == []
    unlinked = [
        row["leaf_index"]
        for row in rows("log_entries", "leaf_index")
        if row["record_id"] is None and json.loads(bytes(row["entry"]))["t"] == "ev"
    ]
    [tombstone] = tombstones(rows)
    assert len(unlinked) == 2
    assert tombstone["i"] == unlinked
    assert rows("log_queue") == []


def test_what_is_partly_sealed_and_partly_waits_is_named_by_two_tombstones(
    decide, seal, erase, rows, audit, clock
):
    decide(acceptance(1))
    seal()
    clock.advance(minutes=1)
    decide(withdrawal(2))

    assert erase() == 2
    seal()

    assert audit() == []
    assert sorted(index for stone in tombstones(rows) for index in stone["i"]) == [2, 4]


def test_the_proof_of_every_other_record_stays_valid(
    client, three_visitors, seal, erase, api_key, site
):
    own, others = three_visitors
    seal()
    key, vkey = api_key("export"), client.get("/v1/sites/demo/log/key").text

    erase()
    seal()

    for record_id in others:
        answer = client.get(
            f"/v1/sites/demo/consents/{record_id}/proof", query_string=PLAIN, headers=key
        )
        included(answer.text, vkey)
    gone = client.get(f"/v1/sites/demo/consents/{own[0]}/proof", query_string=PLAIN, headers=key)
    assert (gone.status_code, gone.json["reason"]) == (404, "record_unknown")


def test_an_erasure_of_what_is_not_held_does_nothing(three_visitors, seal, erase, rows, erased):
    seal()
    before = rows("log_entries"), rows("consent_records")

    assert erase("A" * 22) == 0
    assert (erase(), erase()) == (2, 0)

    assert len(rows("consent_records")) == len(before[1]) - 2
    assert len(rows("log_queue")) == 1
    with erased.held():
        assert erased.position()[1] == 1


def test_the_same_consent_id_on_another_site_is_somebody_else(
    decide, publish, seal, erase, records
):
    other = publish("other")
    decide(acceptance())
    decide(acceptance(bundle=other.bundle_hash), site_id="other")

    assert erase() == 1

    assert (records(), len(records("other"))) == ([], 1)


def test_a_late_retry_does_not_bring_an_erased_decision_back(
    decide, erase, seal, check, clock, records
):
    given = acceptance(1)
    token = decide(given).json["token"]
    clock.advance(minutes=1)
    withdrawn = withdrawal(2)
    decide(withdrawn)
    erase()

    late = [decide(given), decide(withdrawn), decide(acceptance(2))]

    assert {(answer.status_code, answer.json["reason"]) for answer in late} == {
        (409, "consent_erased")
    }
    assert records() == []
    assert check(token)["categories"]["analytics"]["reason"] == "unknown"


def test_a_visitor_whose_records_were_erased_can_decide_anew(decide, erase, check, records):
    decide(acceptance(3))
    erase()

    again = decide(acceptance(4))

    assert again.status_code == 201
    assert [record["event"] for record in records()] == ["given"]
    assert records()[0]["previous"] is None
    assert check(again.json["token"])["granted"] is True
    assert decide(acceptance(2)).json["reason"] == "consent_erased"


def test_the_list_outside_names_nobody(decide, erase, erased, subject, app):
    record_id = decide(acceptance()).json["record_id"]

    erase()

    path = app.extensions["consent_settings"].data_dir / "erased" / "list.jsonl"
    written = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not [secret for secret in (record_id, subject(), VISITOR) if secret in written]
    assert erased.digest("demo", record_id) in written


def test_a_record_whose_id_names_two_others_is_erased_alone(app, decide, seal, erase, rows):
    mine = decide(acceptance()).json["record_id"]
    others = [decide(acceptance(consent_id=OTHER_VISITOR)).json["record_id"]]
    others.append(decide(refusal()).json["record_id"])
    both = ",".join(others)
    with app.app_context(), unguarded(db.engine) as connection:
        for table in ("consent_records", "log_opening_keys", "log_queue", "idempotency_keys"):
            change = f"UPDATE {table} SET record_id = :both WHERE record_id = :mine"  # noqa: S608
            connection.execute(sa.text(change), {"both": both, "mine": mine})

    assert erase() == 1

    for table in ("consent_records", "log_opening_keys", "idempotency_keys"):
        assert {row["record_id"] for row in rows(table)} == set(others)
    seal()
    assert {row["record_id"] for row in rows("log_entries")} == {*others, None}


@pytest.mark.parametrize("place", [-5, 2**53])
def test_an_entry_that_was_moved_to_where_none_can_be_keeps_no_erasure_waiting(
    app, three_visitors, seal, erase, rows, place
):
    own, others = three_visitors
    seal()
    with app.app_context(), unguarded(db.engine) as connection:
        move = "UPDATE log_entries SET leaf_index = :place WHERE record_id = :id"
        assert connection.execute(sa.text(move), {"place": place, "id": own[0]}).rowcount == 1

    with capture_logs() as lines:
        assert erase() == 2

    assert {row["record_id"] for row in rows("consent_records")} == set(others)
    told = [line for line in lines if line["event"] == "entries_not_named"]
    assert [(line["site"], line["count"]) for line in told] == [("demo", 1)]
