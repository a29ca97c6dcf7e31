"""What is decided and published gets its place in the log, once, and can be proven from outside."""

import hashlib
import json

import pytest
from sqlalchemy import event

from consent_server.db import db
from tests.builders import (
    OTHER_VISITOR,
    VISITOR,
    acceptance,
    bundle_hash,
    refusal,
    widget_build,
    withdrawal,
)
from tests.log.verifier import included, open_checkpoint, tree_hash, unpacked


def entries(rows, site="demo"):
    return [json.loads(bytes(row["entry"])) for row in rows("log_entries", "leaf_index", site)]


@pytest.fixture
def vkey(client, site):
    return client.get("/v1/sites/demo/log/key").text


def test_1000_events_each_have_a_proof_within_60_seconds(
    client, decide, seal, api_key, clock, vkey
):
    key = api_key("export")
    bodies = [refusal() for _ in range(998)] + [acceptance(1), withdrawal(2)]
    ids = [decide(body).json["record_id"] for body in bodies]
    clock.advance(seconds=60)

    sealed = seal()

    assert sealed.count == 1000
    places = []
    for record_id in ids:
        answer = client.get(
            f"/v1/sites/demo/consents/{record_id}/proof?format=tlog-proof", headers=key
        )
        assert answer.status_code == 200
        index, entry = included(answer.text, vkey)
        assert json.loads(entry)["t"] == "ev"
        places.append(index)
    assert sorted(places) == sorted(set(places))
    assert places != sorted(places)


def test_the_tree_can_be_rebuilt_from_its_tiles(client, decide, seal, api_key, checkpoint, vkey):
    key = api_key("export")
    for _ in range(300):
        decide(refusal())
    seal()

    head = open_checkpoint(checkpoint(), vkey)
    tiles = "/v1/sites/demo/log/tile"
    first = client.get(f"{tiles}/entries/000", headers=key)
    rest = client.get(f"{tiles}/entries/001.p/{head.size - 256}", headers=key)
    leaves = [
        hashlib.sha256(b"\x00" + entry).digest()
        for entry in unpacked(first.data) + unpacked(rest.data)
    ]

    assert head.origin == "consent.example/log/demo"
    assert head.size == len(leaves) == 302
    assert tree_hash(leaves) == head.root
    assert client.get(f"{tiles}/0/000", headers=key).data == b"".join(leaves[:256])
    assert client.get(f"{tiles}/0/001.p/46", headers=key).data == b"".join(leaves[256:])
    assert client.get(f"{tiles}/1/000.p/1", headers=key).data == tree_hash(leaves[:256])


def test_entries_of_events_hold_two_commitments_and_nothing_else(decide, seal, rows, records):
    decide(acceptance())
    decide(refusal())
    seal()

    events = [entry for entry in entries(rows) if entry["t"] == "ev"]
    assert len(events) == 2
    assert all(set(event) == {"d", "s", "t", "v"} for event in events)
    written = json.dumps(entries(rows))
    for record in records():
        told = (record["record_id"], record["recorded_at"], record["subject"], record["event"])
        assert not [value for value in told if value and value in written]
    assert VISITOR not in written


def test_what_is_published_stands_in_clear_before_what_is_decided_on_it(decide, seal, rows):
    decide(acceptance())
    seal()

    *published, event = entries(rows)
    assert event["t"] == "ev"
    assert sorted(published, key=lambda entry: entry["k"]) == [
        {"h": bundle_hash(), "k": "config", "n": "demo/config/1", "t": "ar", "v": 1},
        {"h": widget_build(), "k": "ui", "n": "demo/ui/1", "t": "ar", "v": 1},
    ]


def test_the_next_bundle_names_the_one_that_it_replaces(publish, site, seal, rows):
    publish("demo", name="Another name")
    seal()

    bundles = [entry for entry in entries(rows) if entry["k"] == "config"]
    builds = [entry for entry in entries(rows) if entry["k"] == "ui"]
    assert len(builds) == 1
    newest = next(entry for entry in bundles if entry["n"] == "demo/config/2")
    assert newest["p"] == bundle_hash()


def test_every_kind_of_event_is_in_the_log(app, decide, seal, rows, clock):
    from consent_server.retention.service import record_lapses

    decide(acceptance(1))
    decide(withdrawal(2))
    decide(acceptance(1, consent_id=OTHER_VISITOR))
    decide(refusal())
    clock.advance(days=400)
    with app.app_context():
        assert record_lapses(clock.instant) == 1
    seal()

    sealed = {row["record_id"] for row in rows("log_entries")} - {None}
    assert sealed == {row["record_id"] for row in rows("consent_records")}
    assert {row["event"] for row in rows("consent_records")} == {
        "given",
        "withdrawn",
        "refused",
        "expired",
    }
    assert rows("log_queue") == []


def test_a_retried_request_is_in_the_log_once(decide, seal, rows):
    body = acceptance()
    for _ in range(3):
        decide(body)
        seal()

    assert len([entry for entry in entries(rows) if entry["t"] == "ev"]) == 1


def test_a_refused_decision_leaves_nothing_in_the_queue(decide, rows, site):
    before = rows("log_queue")

    answer = decide(acceptance(bundle="A" * 43))

    assert answer.status_code == 409
    assert rows("log_queue") == before
    assert rows("log_opening_keys") == []


def test_the_logs_of_two_sites_share_nothing(client, decide, publish, seal, rows, checkpoint):
    publish("other")
    decide(acceptance())
    decide(acceptance(bundle=bundle_hash("other")), site_id="other")
    seal("demo")
    seal("other")

    demo, other = (
        {bytes(row["entry"]) for row in rows("log_entries", site=name)}
        for name in ("demo", "other")
    )
    assert len(demo) == len(other) == 3
    assert demo & other == set()
    assert checkpoint("other").startswith("consent.example/log/other\n3\n")


def test_each_batch_has_at_most_1000_entries_and_its_own_checkpoint(
    decide, seal, rows, monkeypatch
):
    monkeypatch.setattr("consent_server.sealing.batch.MOST", 3)
    for _ in range(7):
        decide(refusal())

    assert seal().count == 7

    heads = rows("log_checkpoints", "size")
    sizes = [(row["previous_size"], row["size"]) for row in heads]
    assert sizes == [(0, 2), (2, 5), (5, 8), (8, 9)]


def test_an_archived_site_is_still_sealed(app, decide, seal, clock):
    from consent_server.sites.archiving import archive

    decide(acceptance())
    with app.app_context():
        archive("demo", clock.instant)

    assert seal().count == 1


def test_a_long_batch_is_written_by_as_many_statements_as_a_short_one(app, decide, seal):
    """On SQLite, which runs in the process, rows of one statement go one by one: no round trip."""
    long = [statements(app, decide, seal, records) for records in (3, 30)][1]
    short = statements(app, decide, seal, 3)

    assert len(long) == len(short)
    assert sum(is_row_by_row for _, is_row_by_row in long) == (2 if is_sqlite(app) else 0)


def is_sqlite(app):
    with app.app_context():
        return db.engine.dialect.name == "sqlite"


def statements(app, decide, seal, records):
    """Seal some records; return what the database was asked, and whether row by row."""
    for _ in range(records):
        decide(refusal())
    asked = []

    def note(connection, cursor, statement, values, context, is_row_by_row):
        asked.append((statement, is_row_by_row))

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
        seal()
        event.remove(db.engine, "before_cursor_execute", note)
    return asked
