"""An audit tells what was erased from what is missing."""

import json

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.sealing import service
from consent_server.sealing.errors import LogInconsistent
from tests.builders import OTHER_VISITOR, acceptance, refusal
from tests.log.tampering import unguarded


@pytest.fixture
def tamper(app):
    """Do what somebody with all rights in the database could do."""

    def tamper(*statements, **values):
        with app.app_context(), unguarded(db.engine) as connection:
            for statement in statements:
                wanted = {name: value for name, value in values.items() if f":{name}" in statement}
                connection.execute(sa.text(statement), wanted)

    return tamper


@pytest.fixture
def signs_anything(monkeypatch):
    """A sequencer that does not ask whether what waits is so: the operator's own can be one."""
    monkeypatch.setattr(service, "_require_true", lambda *_: None)


def index_of(rows, record_id):
    return next(row["leaf_index"] for row in rows("log_entries") if row["record_id"] == record_id)


#: Takes a record away as an erasure does, and queues no tombstone.
QUIETLY = (
    "DELETE FROM idempotency_keys WHERE record_id = :id",
    "DELETE FROM log_opening_keys WHERE record_id = :id",
    "DELETE FROM consent_records WHERE record_id = :id",
    "UPDATE log_entries SET record_id = NULL WHERE record_id = :id",
    "UPDATE log_queue SET record_id = NULL WHERE record_id = :id",
)


@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "waiting"])
def test_a_record_that_went_without_a_tombstone_is_missing(
    decide, seal, tamper, audit, rows, is_sealed
):
    decide(refusal())
    seal()
    record_id = decide(acceptance()).json["record_id"]
    if is_sealed:
        seal()
        index = index_of(rows, record_id)

    tamper(*QUIETLY, id=record_id)

    expected = f"index {index}: the entry of no record" if is_sealed else "the entry of no record"
    assert audit() == [expected]


#: Says of what waits that it was erased.
MARK = "UPDATE log_queue SET erased = 'art17' WHERE record_id = :id"


def test_what_waits_marked_as_erased_with_its_record_is_found_and_not_signed(
    client, decide, seal, erase, tamper, audit, rows
):
    decide(refusal())
    seal()
    size = len(rows("log_entries"))
    record_id = decide(acceptance()).json["record_id"]
    problem = f"record {record_id}: its entry is marked as erased, and it was not"

    tamper(MARK, id=record_id)
    assert audit() == [problem]
    with pytest.raises(LogInconsistent, match=f"what waits for place {size}: {problem}"):
        seal()
    assert len(rows("log_entries")) == size
    assert client.get("/readyz").json["log"] == "alarm"

    assert erase() == 1  # the control: now it was
    assert audit() == []
    assert seal().count == 2
    assert audit() == []


def test_what_is_marked_as_erased_while_its_batch_is_signed_is_not_sealed(
    decide, seal, tamper, audit, rows, monkeypatch
):
    decide(refusal())
    seal()
    size = len(rows("log_entries"))
    record_id = decide(acceptance()).json["record_id"]

    def late(*looked_at):
        service_looks(*looked_at)
        tamper(MARK, id=record_id)

    service_looks = service._require_true
    monkeypatch.setattr(service, "_require_true", late)
    with pytest.raises(LogInconsistent, match=f"record {record_id}: its entry is marked"):
        seal()
    monkeypatch.undo()

    assert len(rows("log_entries")) == size
    tamper("UPDATE log_queue SET erased = NULL WHERE record_id = :id", id=record_id)
    assert seal().count == 1
    assert audit() == []


def test_a_leave_to_erase_that_was_left_behind_is_found(decide, seal, tamper, audit):
    record_id = decide(acceptance()).json["record_id"]
    seal()

    tamper("INSERT INTO log_erasures VALUES ('demo', :id, '')", id=record_id)

    assert audit() == [f"record {record_id}: anybody may remove it without a trace"]


def test_a_tombstone_that_names_what_is_still_there_is_found(
    decide, seal, erase, tamper, audit, rows, signs_anything
):
    stays = decide(acceptance(consent_id=OTHER_VISITOR)).json["record_id"]
    decide(acceptance())
    seal()
    erase()
    place = index_of(rows, stays)
    [waiting] = rows("log_queue")
    stone = json.loads(bytes(waiting["entry"]))
    stone["i"] = sorted([*stone["i"], place])
    entry = json.dumps(stone, sort_keys=True, separators=(",", ":")).encode()

    tamper("UPDATE log_queue SET entry = :entry", entry=entry)
    waiting = audit()
    seal()

    problem = f"the tombstone names entry {place}, but record {stays} is there"
    assert waiting == [problem]
    assert audit() == [f"index 4: {problem}"]


def test_a_tombstone_that_was_changed_is_named_before_what_it_named(
    decide, seal, erase, tamper, audit, rows
):
    gone = decide(acceptance()).json["record_id"]
    seal()
    place = index_of(rows, gone)
    erase()
    seal()
    [stone] = [row for row in rows("log_entries") if b'"t":"er"' in bytes(row["entry"])]

    tamper(
        "UPDATE log_entries SET entry = :entry WHERE leaf_index = :at", entry=b"{}", at=place + 1
    )

    assert stone["leaf_index"] == place + 1
    assert audit()[0].startswith(f"index {place + 1}: ")
    assert f"index {place}: the entry of no record" in audit()


@pytest.mark.parametrize("named, why", [(0, "which is no event"), (99, "which is not before it")])
def test_a_tombstone_that_names_no_event_before_it_is_found(
    decide, seal, erase, tamper, audit, named, why, signs_anything
):
    decide(acceptance())
    seal()
    erase()
    entry = json.dumps(
        {"i": sorted([2, named]), "p": ["d", "s"], "r": "art17", "t": "er", "v": 1},
        separators=(",", ":"),
    ).encode()
    tamper("UPDATE log_queue SET entry = :entry", entry=entry)
    seal()

    assert audit() == [f"index 3: the tombstone names entry {named}, {why}"]


def test_a_record_that_was_put_back_after_its_erasure_is_found(
    app, decide, seal, erase, audit, rows, tamper
):
    record_id = decide(acceptance()).json["record_id"]
    seal()
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.text("CREATE TABLE kept AS SELECT * FROM consent_records"))
    erase()
    seal()

    tamper("INSERT INTO consent_records SELECT * FROM kept")

    assert audit() == [f"record {record_id}: is neither in the log nor in its queue"]


def test_an_erasure_between_two_pages_of_an_audit_is_no_finding(
    app, decide, seal, erase, notary, monkeypatch
):
    from consent_server.sealing import audit as auditing

    monkeypatch.setattr(auditing, "PAGE", 3)
    for _ in range(4):
        decide(refusal())
    decide(acceptance())
    decide(acceptance(consent_id=OTHER_VISITOR))
    seal()

    for page in range(4):
        with app.app_context(), monkeypatch.context() as patched:
            running = auditing.Audit("demo", notary)
            real, seen = db.session.rollback, iter(range(page))

            def between(real=real, seen=seen, patched=patched):
                real()
                if next(seen, None) is None:
                    patched.setattr(db.session, "rollback", real)
                    erase()
                    seal()

            patched.setattr(db.session, "rollback", between)
            assert list(running.findings()) == [], page
        decide(acceptance(page + 2))
        seal()
