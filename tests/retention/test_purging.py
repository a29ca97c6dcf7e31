"""Records are erased when they were kept long enough, and not a millisecond before."""

from contextlib import nullcontext

import pytest
import sqlalchemy as sa

from consent_server import parts
from consent_server.consents.correcting import Correction
from consent_server.db import answers_still, db, lock_all_for_writing
from consent_server.retention import purging, retries
from consent_server.retention.passed import RecordsPassed
from consent_server.retention.service import record_lapses
from consent_server.rights.service import correct as correct_record
from consent_server.sealing.audit import Audit
from tests.builders import (
    ORIGIN,
    OTHER_VISITOR,
    VISITOR,
    a_decision,
    acceptance,
    bundle_hash,
    refusal,
    withdrawal,
)
from tests.log.tampering import unguarded


@pytest.fixture
def is_whole(app, notary, seal, clock):
    def is_whole():
        clock.advance(seconds=31)
        seal()
        with app.app_context():
            return list(Audit("demo", notary).findings()) == []

    return is_whole


def test_24_months_after_the_last_consent_event_and_not_before(
    decide, purge, records, clock, seal, rows, is_whole
):
    decide(acceptance(1))
    seal()
    clock.set("2027-03-01T10:00:00+00:00")
    decide(withdrawal(2))
    seal()
    clock.set("2029-03-01T09:59:59.999+00:00")
    early = purge().records
    clock.advance(milliseconds=1)

    assert (early, purge().records, purge().records) == (0, 2, 0)

    assert records() == rows("log_opening_keys") == []
    assert is_whole()


def test_a_refusal_by_nobody_is_kept_as_long_after_itself(decide, purge, records, clock):
    decide(refusal())
    clock.advance(days=1)
    decide(refusal())
    clock.set("2028-11-22T20:00:00+00:00")

    assert purge().records == 1
    assert len(records()) == 1


def test_a_record_that_somebody_let_correct_itself_is_not_kept_for_ever(
    app, decide, purge, records, clock
):
    record_id = decide(refusal()).json["record_id"]
    with app.app_context(), unguarded(db.engine) as connection:
        change = sa.text("UPDATE consent_records SET corrects = record_id WHERE record_id = :id")
        assert connection.execute(change, {"id": record_id}).rowcount == 1
    clock.set("2028-11-22T20:00:00+00:00")

    assert (purge(is_dry_run=True).records, purge().records) == (1, 1)
    assert records() == []


def test_neither_an_expiry_nor_a_correction_nor_a_visit_keeps_records_longer(
    app, decide, purge, records, clock, client
):
    given = decide(acceptance())
    clock.set("2027-11-22T20:00:00+00:00")
    with app.app_context():
        assert record_lapses(clock.instant) == 1
        last = records()[-1]["record_id"]
        correct_record("demo", last, Correction(language="en"), clock.instant)
    for _ in range(50):
        client.get("/s/demo.js")
    clock.set("2028-11-22T20:00:00+00:00")

    assert given.status_code == 201
    assert purge().records == 3
    assert records() == []


def test_what_a_visitor_still_relies_on_is_kept_whole(decide, purge, records, clock):
    decide(acceptance(1))
    clock.set("2027-10-01T00:00:00+00:00")
    decide(acceptance(2))
    clock.set("2029-09-30T23:59:59+00:00")

    assert purge().records == 0
    assert [record["n"] for record in records()] == [1, 2]


def test_a_site_may_keep_its_records_for_a_shorter_time_only(decide, publish, purge, clock):
    from consent_server.sites.document import DocumentInvalid

    publish(record_retention="P13M", reason="shorter")
    decide(refusal(bundle=bundle_hash()))
    clock.set("2027-12-22T20:00:00+00:00")
    with pytest.raises(DocumentInvalid):
        publish(record_retention="P25M", reason="longer")

    assert purge().records == 1


def test_an_archived_site_keeps_its_evidence_until_its_time(
    app, decide, purge, records, clock, rows, seal
):
    from consent_server.sites.archiving import archive

    decide(acceptance())
    seal()
    with app.app_context():
        archive("demo", clock.instant)
    assert purge().records == 0
    assert len(records()) == len(rows("log_opening_keys")) == 1
    clock.set("2028-11-22T20:00:00+00:00")

    assert purge().records == 1


def test_a_dry_run_counts_what_a_run_erases_and_changes_nothing(
    decide, purge, records, clock, monkeypatch
):
    monkeypatch.setattr(purging, "BATCH", dict.fromkeys(purging.BATCH, 2))
    for letter in "ABC":
        decide(acceptance(1, consent_id=letter * 21 + "A"))
        clock.advance(minutes=1)
        decide(a_decision(n=2, consent_id=letter * 21 + "A"))
    decide(refusal())
    clock.advance(days=10)
    decide(acceptance(consent_id=OTHER_VISITOR))
    clock.set("2028-11-23T00:00:00+00:00")

    foreseen = purge(is_dry_run=True)
    left = len(records())
    told, rests = [], []
    done = purge(done=told.append, rest=lambda: bool(rests.append(1)))

    assert (foreseen.records, left) == (7, 8)
    assert foreseen.idempotency_keys == 8
    assert done.records == sum(told) == 7
    # One after each batch of records, and one after the page of keys.
    assert len(rests) == len([count for count in told if count]) + 1 > 2
    assert len(records()) == 1


def test_batches_are_larger_where_nobody_writes(decide, purge, clock, monkeypatch):
    monkeypatch.setattr(purging, "BATCH", dict.fromkeys(purging.BATCH, 1))
    monkeypatch.setattr(purging, "QUIET_BATCH", dict.fromkeys(purging.BATCH, 3))
    for _ in range(8):
        decide(refusal())
    clock.set("2028-11-22T20:00:00+00:00")
    quiet = iter([False, True, False, True])
    told = []

    purge(done=told.append, rest=lambda: next(quiet, False))

    assert told == [1, 1, 3, 1, 2]


@pytest.mark.timeout(20)  # it went on for ever
@pytest.mark.parametrize("is_dry_run", [False, True], ids=["a run", "a dry run"])
def test_an_instant_that_nobody_wrote_like_that_is_passed_once(
    app, decide, purge, records, clock, is_dry_run
):
    """What comes after it is found by the instant of the row, and not by what was read of it.

    On SQLite a text of another form is no instant at all.
    """
    changed = decide(acceptance(1)).json["record_id"]
    decide(refusal())
    clock.set("2028-01-01T00:00:00+00:00")
    decide(acceptance(2))
    clock.set("2028-11-22T23:00:00+00:00")
    with app.app_context(), unguarded(db.engine) as connection:
        is_text = connection.dialect.name == "sqlite"
        written = "2026-11-22T22:00:00.000+02:00" if is_text else "2026-11-22 20:00:00.000999+00"
        change = f"UPDATE consent_records SET recorded_at = '{written}' WHERE record_id = :id"  # noqa: S608
        connection.execute(sa.text(change), {"id": changed})

    purged = purging.Purged()
    with pytest.raises(RecordsPassed) if is_text else nullcontext():
        purge(purged=purged, is_dry_run=is_dry_run)

    assert (purged.records, purged.unreadable) == (1, int(is_text))
    assert changed in [record["record_id"] for record in records()]


def test_a_purge_that_dies_goes_on_with_what_is_left(
    decide, purge, records, clock, monkeypatch, is_whole, seal
):
    monkeypatch.setattr(purging, "BATCH", dict.fromkeys(purging.BATCH, 2))
    for letter in "ABCDE":
        decide(acceptance(consent_id=letter * 21 + "A"))
    seal()
    clock.set("2028-11-22T20:00:00+00:00")

    class Killed(BaseException):
        pass

    def die(_):
        raise Killed

    with pytest.raises(Killed):
        purge(done=die)
    assert len(records()) == 3

    assert purge().records == 3
    assert records() == []
    assert is_whole()


def test_a_site_is_left_to_whoever_purges_it_now(app, decide, purge, records, clock):
    for letter in "AB":
        decide(acceptance(consent_id=letter * 21 + "A"))
    clock.set("2028-11-22T20:00:00+00:00")
    with app.app_context():
        if db.engine.dialect.name == "sqlite":  # one process, and one writer
            assert purge(gives_way=True).records == 2
            return
        with db.engine.begin() as connection:
            lock_all_for_writing(connection, ("purge", "demo"))
            meanwhile = purge(gives_way=True).records

    assert (meanwhile, len(records())) == (0, 2)
    assert purge(gives_way=True).records == 2


def test_a_visitor_who_comes_back_at_the_last_moment_keeps_all(
    app, decide, purge, records, clock, monkeypatch
):
    """Between looking and erasing somebody decides: the look under the lock is what counts."""
    decide(acceptance(1))
    clock.set("2028-11-22T20:00:00+00:00")
    real = purging.erase_overdue

    def late(*arguments):
        decide(acceptance(2))
        return real(*arguments)

    monkeypatch.setattr(purging, "erase_overdue", late)

    assert purge().records == 0
    assert [record["n"] for record in records() if record["event"] != "expired"] == [1, 2]


def test_idempotency_keys_live_for_a_day(decide, purge, rows, clock):
    body = refusal()
    decide(body)
    clock.advance(hours=23, minutes=59)
    early = purge().idempotency_keys
    again = decide(body)
    clock.advance(minutes=1)

    assert early == 0
    assert again.status_code == 200
    assert purge().idempotency_keys == 1
    assert rows("idempotency_keys") == []


def test_idempotency_keys_go_page_by_page_and_the_young_ones_stay(
    decide, publish, purge, rows, clock, monkeypatch
):
    monkeypatch.setattr(retries, "KEYS", 3)
    publish("another")
    for site in ("another", "demo"):
        for _ in range(4):
            decide(refusal(bundle=bundle_hash(site)), site_id=site)
    clock.advance(hours=24)
    young = refusal()
    decide(young)

    foreseen, done = purge(is_dry_run=True).idempotency_keys, purge().idempotency_keys

    assert (foreseen, done, purge().idempotency_keys) == (8, 8, 0)
    assert [row["key"] for row in rows("idempotency_keys")] == [young["idempotency_key"]]
    assert rows("idempotency_keys", site="another") == []


def test_what_only_retries_and_copies_needed_is_forgotten_after_25_months(
    app, decide, purge, clock, rows, request_me_away
):
    given = acceptance(1)
    decide(given)
    request_me_away()
    erased = app.extensions["consent_erased"]
    clock.set("2028-12-22T19:59:59.999+00:00")
    early = purge().memories
    clock.set("2028-12-24T20:00:00+00:00")

    assert (early, purge().memories, purge().memories) == (0, 2, 0)

    assert rows("erased_subjects") == []
    with erased.held():
        assert erased.lines(0) == []


@pytest.mark.parametrize("is_gone", [False, True], ids=["one statement", "the database"])
def test_a_site_that_cannot_be_purged_keeps_no_other_waiting(
    publish, decide, purge, clock, rows, monkeypatch, is_gone
):
    publish("another")
    decide(refusal(bundle=bundle_hash("another")), site_id="another")
    decide(refusal())
    clock.set("2028-11-22T20:00:00+00:00")
    erase, begun = purging.erase_overdue, []

    def fail(site_id, *arguments):
        begun.append(site_id)
        if site_id == "another":
            raise sa.exc.OperationalError(None, None, ConnectionError("it took too long"))
        return erase(site_id, *arguments)

    monkeypatch.setattr(purging, "erase_overdue", fail)
    if is_gone:
        monkeypatch.setattr(parts, "answers_still", lambda: False)
    with pytest.raises(sa.exc.OperationalError):
        purge()

    assert begun == (["another"] if is_gone else ["another", "demo"])
    assert len(rows("consent_records")) == (1 if is_gone else 0)
    assert len(rows("consent_records", site="another")) == 1


def test_a_database_that_is_gone_does_not_answer(app, monkeypatch):
    with app.app_context():
        assert answers_still()
        db.session.rollback()
        monkeypatch.setattr(db.engine, "raw_connection", lost)

        assert not answers_still()


def lost():
    raise sa.exc.OperationalError(None, None, ConnectionError("no server"))


@pytest.fixture
def request_me_away(client, site):
    """Erase what is held about the visitor, as the visitor does."""

    def request_me_away():
        headers = {"Origin": ORIGIN, "Consent-Id": VISITOR}
        assert client.delete("/v1/sites/demo/me", headers=headers).status_code == 200

    return request_me_away
