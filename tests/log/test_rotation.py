"""One key of the logs takes over from another: what either signed verifies, and nothing else."""

import json
import shutil

import pytest
import sqlalchemy as sa

from consent_server import verification
from consent_server.db import db
from consent_server.ledger.note import NoteKey, open_note
from consent_server.sealing import errors
from consent_server.sealing import service as sealing
from consent_server.sealing.audit import Audit
from consent_server.sealing.notary import Notary
from consent_server.sealing.rotation import retire, rotate
from consent_server.verification import Trusted
from tests.builders import acceptance, refusal
from tests.log.tampering import unguarded


@pytest.fixture
def verified(client, api_key, tmp_path):
    """Whether an export verifies with a key alone."""
    key = api_key("export")

    def verified(vkey, **asked):
        query = {"format": "jsonl", **asked}
        answer = client.get("/v1/sites/demo/export", query_string=query, headers=key)
        path = tmp_path / "export.jsonl"
        path.write_bytes(answer.data)
        return verification.verify(path, Trusted(vkey)).is_good

    return verified


def test_a_key_takes_over_and_nobody_is_left_behind(
    decide, seal, turn, vkeys, checkpoint, verified, findings, rows
):
    decide(acceptance())
    seal()
    [old] = vkeys()
    turn(rotate)
    decide(refusal())
    seal()
    new, leaving = vkeys()
    both = checkpoint()
    entries = [json.loads(bytes(row["entry"])) for row in rows("log_entries")]

    assert leaving == old != new
    assert [open_note(both, [NoteKey.parse(vkey)]) for vkey in (old, new)] == [
        both.partition("\n\n")[0] + "\n"
    ] * 2
    assert [entry["n"] for entry in entries if entry.get("k") == "key"] == ["demo/key/2"]
    assert [verified(vkey) for vkey in (old, new)] == [True, True]
    assert findings() == []

    turn(retire)
    decide(refusal())
    seal()

    assert vkeys() == [new]
    assert [verified(vkey) for vkey in (old, new)] == [False, True]
    # An earlier checkpoint is signed by the old key alone, and given out with the new one's too.
    assert [verified(vkey, checkpoint="3") for vkey in (old, new)] == [False, True]
    assert findings() == []


def test_who_has_the_old_key_is_led_to_the_new_one(decide, seal, turn, vkeys, client, tmp_path):
    decide(acceptance())
    seal()
    [old] = vkeys()
    turn(rotate)
    seal()
    turn(retire)
    [note] = client.get("/v1/sites/demo/log/handovers").json["handovers"]
    path = tmp_path / "handover"
    reports = []
    for text, vkey in (
        (note, old),
        (note, vkeys()[0]),
        (note.replace("consent-log-key/v1\n", "consent-log-key/v1\nA"), old),
        ("\n".join(note.split("\n")[:-2]) + "\n", old),
    ):
        path.write_text(text)
        reports.append(verification.verify(path, Trusted(vkey)))

    assert [report.is_good for report in reports] == [True, False, False, False]
    assert vkeys()[0] in reports[0].proved[0]


def test_proofs_and_receipts_verify_before_and_after(
    decide, seal, turn, vkeys, client, api_key, tmp_path
):
    record_id = decide(acceptance()).json["record_id"]
    seal()
    key, path = api_key("export"), tmp_path / "pack"

    def is_proven():
        url = f"/v1/sites/demo/consents/{record_id}/proof"
        path.write_bytes(client.get(url, headers=key).data)
        return [verification.verify(path, Trusted(vkey)).is_good for vkey in vkeys()]

    found = [is_proven()]
    turn(rotate)
    found.append(is_proven())
    seal()
    found.append(is_proven())
    turn(retire)
    found.append(is_proven())

    assert found == [[True], [True, True], [True, True], [True]]


def test_the_private_half_of_a_retired_key_is_gone(decide, seal, turn, key_file, notary):
    decide(acceptance())
    seal()
    seed = json.loads(key_file.read_text())["keys"][0]["d"]
    turn(rotate)
    seal()
    is_there = seed in key_file.read_text()
    turn(retire)

    assert is_there
    assert [path.name for path in key_file.parent.iterdir() if seed in path.read_text()] == []
    assert key_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("change", [rotate, retire])
def test_a_key_is_not_let_go_before_every_log_has_the_next(decide, seal, turn, change):
    decide(acceptance())
    seal()
    turn(rotate)

    with pytest.raises(errors.LogKeyNeeded, match="demo"):
        turn(change)

    assert seal().count == 1  # the entry that a crash would have kept from the log
    assert seal().count == 0
    turn(change)


def test_a_machine_with_the_old_file_alone_signs_nothing(decide, seal, turn, key_file, tmp_path):
    decide(acceptance())
    seal()
    shutil.copy(key_file, tmp_path / "old")
    turn(rotate)
    seal()
    turn(retire)
    decide(refusal())
    seal()
    key_file.write_bytes((tmp_path / "old").read_bytes())
    decide(refusal())

    with pytest.raises(errors.LogInconsistent):
        seal()


def test_a_file_of_the_first_version_is_read(decide, seal, turn, key_file, vkeys):
    decide(acceptance())
    seal()
    before = vkeys()
    [key] = json.loads(key_file.read_text())["keys"]
    key_file.write_text(json.dumps({"format": 1, "x": key["x"], "d": key["d"]}))
    decide(refusal())

    assert seal().count == 1
    assert vkeys() == before
    turn(rotate)
    assert vkeys()[1:] == before


def test_a_log_that_begins_later_begins_with_the_newest_key(
    decide, seal, turn, publish, rows, app, notary
):
    decide(acceptance())
    seal()
    turn(rotate)
    seal()
    publish("other")
    with app.app_context():
        found = list(Audit("other", notary).findings())
    entries = [bytes(row["entry"]) for row in rows("log_entries") if row["site_id"] == "other"]

    assert found == []
    assert not any(b'"key"' in entry for entry in entries)


def test_a_machine_that_gets_the_new_key_later_leaves_no_finding(
    app, decide, notary, clock, turn, seal, findings, tmp_path, key_file, rows
):
    """Two machines, one database: the second signs with the old key alone until it has the file."""
    decide(acceptance())
    seal()
    other = Notary(tmp_path / "other", "https://consent.example")
    (tmp_path / "other" / "keys").mkdir(parents=True)
    shutil.copy(key_file, tmp_path / "other" / "keys" / "log.json")
    turn(rotate)
    for _ in range(2):
        for signer in (notary, other):
            decide(refusal())
            with app.app_context():
                sealing.seal("demo", signer, clock.instant)
    shutil.copy(key_file, tmp_path / "other" / "keys" / "log.json")
    seal()
    decide(refusal())
    seal()
    turn(retire)
    entries = [json.loads(bytes(row["entry"])) for row in rows("log_entries")]

    assert [entry["n"] for entry in entries if entry.get("k") == "key"] == ["demo/key/2"]
    assert findings() == []


def test_what_another_machine_signed_with_the_old_key_stays_good_when_it_is_retired_here(
    app, decide, clock, turn, seal, findings, tmp_path, key_file
):
    """This machine promised less than there is when it retires the key."""
    decide(acceptance())
    seal()
    other = Notary(tmp_path / "other", "https://consent.example")
    (tmp_path / "other" / "keys").mkdir(parents=True)
    shutil.copy(key_file, tmp_path / "other" / "keys" / "log.json")
    turn(rotate)
    for is_new in (False, True):
        if is_new:
            shutil.copy(key_file, tmp_path / "other" / "keys" / "log.json")
        decide(refusal())
        with app.app_context():
            sealing.seal("demo", other, clock.instant)

    turn(retire)

    assert findings() == []


def test_a_log_that_cannot_be_signed_keeps_no_other_key_in_use(
    app, decide, seal, turn, publish, notary, clock, findings
):
    decide(acceptance())
    seal()
    publish("other")
    with app.app_context(), unguarded(db.engine) as connection:
        kept = connection.execute(sa.text("SELECT hashes FROM log_tiles WHERE site_id = 'other'"))
        [hashes] = kept.scalars()
        change = sa.text("UPDATE log_tiles SET hashes = :hashes WHERE site_id = 'other'")
        connection.execute(change, {"hashes": bytes(len(hashes))})
        connection.commit()
    turn(rotate)
    seal()
    with app.app_context(), pytest.raises(errors.LogInconsistent):
        sealing.seal("other", notary, clock.instant)
    turn(retire)
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(change, {"hashes": bytes(hashes)})
        connection.commit()

    assert seal("other").count == 1  # the entry of the key, and on with it
    with app.app_context():
        assert list(Audit("other", notary).findings()) == []
    assert findings() == []


def test_a_key_that_comes_while_a_log_is_sealed_gets_its_entry_all_the_same(
    app, decide, seal, turn, notary, clock, monkeypatch, findings, rows
):
    decide(acceptance())
    seal()
    decide(refusal())
    grow = sealing.grow

    def rotated_meanwhile(*given):
        monkeypatch.setattr(sealing, "grow", grow)
        notary.rotate(clock.instant)
        return grow(*given)

    monkeypatch.setattr(sealing, "grow", rotated_meanwhile)
    seal()
    between = findings()
    with pytest.raises(errors.LogKeyNeeded):
        turn(retire)
    seal()
    turn(retire)

    assert between == ["a key signs that took over, and no entry of the log says so"]
    assert findings() == []


def test_a_checkpoint_kept_before_proves_what_came_after_by_the_handover(
    decide, seal, turn, vkeys, client, api_key, checkpoint, tmp_path
):
    decide(acceptance())
    seal()
    [old] = vkeys()
    files = {"kept": checkpoint()}
    turn(rotate)
    seal()
    turn(retire)
    decide(refusal())
    seal()
    key = api_key("export")
    files["export"] = client.get("/v1/sites/demo/export?format=jsonl", headers=key).text
    [files["handover"]] = client.get("/v1/sites/demo/log/handovers").json["handovers"]
    paths = {name: tmp_path / name for name in files}
    for name, text in files.items():
        paths[name].write_text(text)

    def verified(*names, **given):
        reports = verification.verify_all([paths[name] for name in names], vkey=old, **given)
        return verification.conclude(reports, as_json=False, must_compare="kept" in names)[1]

    led = {"handovers": [paths["handover"]]}
    assert verified("export", checkpoint=paths["kept"]) == 1
    assert verified("export", checkpoint=paths["kept"], **led) == 0
    assert verified("kept", "export") == 1
    assert verified("kept", "export", **led) == 0
    assert verified("handover", checkpoint=paths["kept"]) == 0
    with pytest.raises(verification.Unverifiable):
        verified("export", handovers=[paths["kept"]])


@pytest.fixture
def promised_only(decide, seal, turn, monkeypatch):
    """A log with two keys at work, the last head of which was promised and is not committed."""
    decide(acceptance())
    seal()
    turn(rotate)
    decide(refusal())

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sealing, "_write", stop)
        with pytest.raises(KeyboardInterrupt):
            seal()


def test_a_checkpoint_is_given_out_between_a_promise_and_its_commit(
    promised_only, checkpoint, vkeys
):
    """What is promised is not in the database yet; what was before it is proven all the same."""
    note = checkpoint()

    assert note.split("\n")[1] == "3"
    for vkey in vkeys():
        open_note(note, [NoteKey.parse(vkey)])


def test_not_where_other_entries_are_kept_than_were_promised(promised_only, client, app):
    journal = app.extensions["consent_settings"].data_dir / "log" / "demo.entries"
    journal.write_bytes(journal.read_bytes().replace(b'3 {"h":"', b'3 {"h":"A', 1))

    answer = client.get("/v1/sites/demo/log/checkpoint")

    assert (answer.status_code, answer.json["reason"]) == (409, "log_inconsistent")
