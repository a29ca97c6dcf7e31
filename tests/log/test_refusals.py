"""What the sequencer never signs, and how it says so."""

import secrets

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.sealing import errors, service
from consent_server.sealing.audit import Audit
from tests.builders import acceptance, refusal
from tests.databases import administrator_of
from tests.log.backup import Backup
from tests.log.tampering import unguarded

#: Ways to change a queued record or what opens it, past the triggers.
CHANGES = [
    "UPDATE consent_records SET language = 'en' WHERE event = 'given'",
    "UPDATE consent_records SET subject = 'somebody else' WHERE event = 'given'",
    "UPDATE consent_records SET n = 7 WHERE event = 'given'",
    "DELETE FROM consent_records WHERE event = 'given'",
    "DELETE FROM log_opening_keys",
]


@pytest.fixture
def tamper(app):
    """Run a statement past triggers and foreign keys."""

    def tamper(statement, **values):
        with app.app_context(), unguarded(db.engine) as connection:
            assert connection.execute(sa.text(statement), values).rowcount

    return tamper


@pytest.mark.parametrize("change", CHANGES)
def test_a_record_that_changed_before_it_was_sealed_is_not_signed_for(
    client, decide, seal, tamper, rows, change
):
    record_id = decide(acceptance()).json["record_id"]
    decide(refusal())
    tamper(change)

    with pytest.raises(errors.RecordDiffers) as refused:
        seal()

    assert refused.value.record_id == record_id or "log_opening_keys" in change
    assert [len(rows(table)) for table in ("log_entries", "log_checkpoints")] == [2, 1]
    assert len(rows("log_queue")) == 2
    [alarm] = rows("log_alarms")
    assert alarm["reason"] == "record_differs"
    assert client.get("/readyz").json == {"status": "ok", "log": "alarm"}


def test_the_alarm_is_over_when_the_record_is_what_it_was(client, decide, seal, tamper, rows):
    decide(acceptance())
    tamper("UPDATE consent_records SET language = 'en'")
    with pytest.raises(errors.RecordDiffers):
        seal()
    tamper("UPDATE consent_records SET language = 'fr'")

    assert seal().count == 1
    assert rows("log_alarms") == []
    assert client.get("/readyz").json == {"status": "ok"}


def test_decisions_are_recorded_while_the_log_is_not_signed(decide, seal, tamper):
    decide(acceptance())
    tamper("UPDATE consent_records SET language = 'en'")
    with pytest.raises(errors.RecordDiffers):
        seal()

    assert decide(refusal()).status_code == 201


@pytest.mark.parametrize("change", ["0", "hashes", "longer"])
def test_a_tree_that_is_not_the_signed_one_does_not_grow(
    client, decide, seal, tamper, rows, change
):
    decide(acceptance())
    seal()
    decide(refusal())
    [tile] = rows("log_tiles")
    others = {"hashes": b"", "longer": bytes(tile["hashes"])}
    if change == "0":
        tamper("DELETE FROM log_tiles")
    else:
        hashes = others[change] + secrets.token_bytes(96)
        tamper("UPDATE log_tiles SET hashes = :hashes", hashes=hashes)

    with pytest.raises(errors.LogInconsistent):
        seal()

    assert client.get("/readyz").json == {"status": "ok", "log": "alarm"}


def test_a_checkpoint_that_we_did_not_sign_is_not_continued(decide, seal, tamper, rows):
    decide(acceptance())
    seal()
    decide(refusal())
    tamper("UPDATE log_checkpoints SET root = :root", root=secrets.token_bytes(32))

    with pytest.raises(errors.LogInconsistent, match="another checkpoint"):
        seal()


#: What somebody who writes to the database, and has no key, would like to be signed.
UNTRUE = {
    "no entry": "no entry of this log",
    "false tombstone": '{"i":[2],"p":["d","s"],"r":"art17","t":"er","v":1}',
    "tombstone of an artifact": '{"i":[0],"p":["d","s"],"r":"art17","t":"er","v":1}',
    "event of nobody": f'{{"d":"{43 * "A"}","s":"{43 * "A"}","t":"ev","v":1}}',
    "publication": f'{{"h":"{43 * "A"}","k":"config","n":"demo/config/9","t":"ar","v":1}}',
    "line": f'{{"h":"{43 * "A"}","k":"trail","n":"demo/trail/9","t":"ar","v":1}}',
}


@pytest.mark.parametrize("entry", UNTRUE.values(), ids=UNTRUE)
def test_what_is_not_so_is_not_signed(client, decide, seal, tamper, checkpoint, clock, entry):
    decide(acceptance())
    seal()
    signed = checkpoint()
    put_in = "INSERT INTO log_queue (site_id, queued_at, queue_id, entry) SELECT :site, {}, :id, :e"
    since = "(SELECT created_at FROM sites WHERE id = 'demo')"
    tamper(put_in.format(since), site="demo", id="x", e=entry.encode())

    with pytest.raises(errors.LogInconsistent, match="what waits for place 3"):
        seal()

    assert checkpoint() == signed
    assert client.get("/readyz").json == {"status": "ok", "log": "alarm"}
    tamper("DELETE FROM log_queue WHERE queue_id = 'x'")
    decide(refusal())
    assert seal().count == 1


@pytest.mark.parametrize(
    ("change", "undo"),
    [
        (
            "INSERT INTO log_entries (site_id, leaf_index, entry) "
            "SELECT site_id, 3, entry FROM log_entries WHERE leaf_index = 2",
            "DELETE FROM log_entries WHERE leaf_index = 3",
        ),
        (
            "UPDATE log_entries SET record_id = (SELECT record_id FROM log_queue) "
            "WHERE leaf_index = 1",
            "UPDATE log_entries SET record_id = NULL WHERE leaf_index = 1",
        ),
    ],
    ids=["in its place", "of its record"],
)
def test_an_entry_that_is_there_before_it_was_signed_raises_the_alarm(
    client, decide, seal, tamper, checkpoint, change, undo
):
    decide(acceptance())
    seal()
    signed = checkpoint()
    decide(refusal())
    tamper(change)

    for _ in range(2):  # the second time its head was promised
        with pytest.raises(errors.LogInconsistent, match="stored already"):
            seal()

    assert checkpoint() == signed
    assert client.get("/readyz").json == {"status": "ok", "log": "alarm"}
    tamper(undo)
    assert seal().count == 1


def test_entries_and_checkpoints_cut_off_together_are_missed(app, notary, decide, seal, tamper):
    """What a restored backup looks like, made by hand: consistent, and too short."""
    decide(acceptance())
    seal()
    decide(refusal())
    seal()
    tamper("DELETE FROM log_entries WHERE leaf_index = 3")
    tamper("DELETE FROM log_checkpoints WHERE size = 4")
    tamper("UPDATE log_tiles SET hashes = substr(hashes, 1, 96)")
    decide(refusal())

    for _ in range(2):  # the second time it has its place
        with pytest.raises(errors.LogRestored) as refused:
            seal()
        assert (refused.value.found, refused.value.signed) == (3, 4)
    with app.app_context():
        found = list(Audit("demo", notary).findings())
    assert "the database holds a log of 3 entries, but one of 4 was signed" in str(found[0])


def test_a_restored_backup_is_refused(app, decide, seal, backup, notary, clock):
    decide(acceptance())
    seal()
    backup.take()
    for _ in range(3):
        decide(refusal())
    seal()
    backup.restore()
    decide(refusal())
    clock.advance(seconds=60)

    with pytest.raises(errors.LogRestored) as refused:
        seal()

    assert (refused.value.found, refused.value.signed) == (3, 6)
    with app.app_context():
        found = list(Audit("demo", notary).findings())
    assert "the database holds a log of 3 entries, but one of 6 was signed" in str(found[0])


def test_a_copy_from_just_before_a_batch_makes_the_same_batch(
    app, decide, seal, backup, checkpoint, monkeypatch
):
    """The order was settled in it, so what was signed is signed again, and nothing else."""
    for _ in range(10):
        decide(refusal())
    grow = service.grow
    monkeypatch.setattr(service, "grow", lambda *a: backup.take() or grow(*a))
    seal()
    signed = checkpoint()
    monkeypatch.undo()
    backup.restore()
    decide(refusal())
    with app.app_context(), administrator_of(db.engine).begin() as connection:
        connection.execute(sa.text("DELETE FROM log_leases"))

    seal()

    with app.app_context(), db.engine.connect() as connection:
        notes = connection.execute(sa.text("SELECT note FROM log_checkpoints ORDER BY size"))
        assert [note for (note,) in notes][1] == signed


@pytest.fixture
def backup(app):
    """Set the database back."""
    return Backup(app)


def test_without_the_head_in_the_data_directory_a_restored_backup_would_be_signed(
    app, decide, seal, backup
):
    """The control: nothing inside the database tells a copy from the original."""
    decide(acceptance())
    seal()
    backup.take()
    decide(refusal())
    seal()
    backup.restore()
    (app.extensions["consent_settings"].data_dir / "log" / "demo.checkpoint").unlink()
    decide(refusal())

    assert seal().count == 1


def test_without_its_key_a_log_that_was_signed_gets_no_other(app, decide, seal, client):
    decide(acceptance())
    seal()
    (app.extensions["consent_settings"].data_dir / "keys" / "log.json").unlink()
    decide(refusal())

    with pytest.raises(errors.LogKeyUnusable):
        seal()

    answer = client.get("/v1/sites/demo/log/key")
    assert (answer.status_code, answer.json["reason"]) == (500, "log_key_unusable")


@pytest.mark.parametrize("content", ["", "{}", '{"format": 1, "x": "AA", "d": "AA"}', "[1]"])
def test_a_damaged_key_is_refused(app, decide, seal, content):
    decide(acceptance())
    seal()
    (app.extensions["consent_settings"].data_dir / "keys" / "log.json").write_text(content)
    decide(refusal())

    with pytest.raises(errors.LogKeyUnusable):
        seal()


def test_a_key_that_others_can_read_is_refused(app, decide, seal):
    decide(acceptance())
    seal()
    (app.extensions["consent_settings"].data_dir / "keys" / "log.json").chmod(0o640)
    decide(refusal())

    with pytest.raises(errors.LogKeyUnusable, match="open to other users"):
        seal()
