"""Who stole a key that was retired since signs nothing that is believed."""

import base64
import shutil

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.note import sign_note
from consent_server.log.models import SignedCheckpoint
from consent_server.sealing import errors
from consent_server.sealing.keyfile import LogKeyFile
from consent_server.sealing.rotation import retire, rotate
from tests.builders import acceptance, refusal
from tests.log.tampering import unguarded

INSERT = (
    "INSERT INTO log_checkpoints (site_id, size, previous_size, root, note, signed_at) "
    "VALUES (:site_id, :size, :previous_size, :root, :note, :signed_at)"
)


def a_checkpoint(size, note, root=b"\x66" * 32, site="demo"):
    return {
        "site_id": site,
        "size": size,
        "previous_size": size - 1,
        "root": root,
        "note": note,
        "signed_at": "2026-11-22T20:00:00.000Z",
    }


@pytest.fixture
def stolen(key_file, tmp_path):
    """Copy the keys as they are now; gives what signs with them."""

    def stolen():
        copy = tmp_path / "stolen" / "keys" / "log.json"
        copy.parent.mkdir(parents=True)
        shutil.copy(key_file, copy)
        return LogKeyFile(tmp_path / "stolen").read(may_create=False).at_work

    return stolen


def test_what_a_retired_key_signs_is_refused(app, decide, seal, turn, stolen, findings):
    """Whoever stole it forks the log; control: the same checkpoint by the key at work is taken."""
    decide(acceptance())
    seal()
    private = stolen()
    turn(rotate)
    seal()
    turn(retire)
    decide(refusal())
    seal()
    with app.app_context():
        last = db.session.scalars(
            sa.select(SignedCheckpoint).order_by(SignedCheckpoint.size.desc())
        ).first()
        head, note = last.note.partition("\n\n")[0] + "\n", last.note
    before = findings()
    forged = sign_note(head, head.partition("\n")[0], *private)
    decide(refusal())
    for text in (forged, note):
        with app.app_context(), unguarded(db.engine) as connection:
            statement = sa.text("UPDATE log_checkpoints SET note = :note WHERE size = :size")
            connection.execute(statement, {"note": text, "size": int(head.split("\n")[1])})
            connection.commit()
        if text is forged:
            with pytest.raises(errors.LogInconsistent):
                seal()
            assert any("no trusted key" in finding for finding in findings())

    assert before == []
    assert seal().count == 1
    assert findings() == []


def test_a_row_with_the_name_of_the_new_key_lets_no_old_one_sign_further(
    app, decide, seal, turn, stolen, notary, rows
):
    """Its line has the new key's id, and no signature of it."""
    decide(acceptance())
    seal()
    private = stolen()
    turn(rotate)
    seal()
    note = rows("log_checkpoints")[-1]["note"]
    origin, size = note.split("\n")[0], int(note.split("\n")[1])
    newest = notary.key(origin, may_create=False).key_id
    lines = [line for line in note.splitlines() if line.startswith("— ")]
    [line] = [line for line in lines if base64.b64decode(line.split(" ")[2]).startswith(newest)]
    forged = Checkpoint(origin, size + 1000, b"\x66" * 32).sign(*private) + line + "\n"
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.text(INSERT), a_checkpoint(size + 1000, forged))
        connection.commit()

    turn(retire)

    assert notary.all_known().keys[0].until == {"demo": size}


@pytest.mark.parametrize("size", [4, 6, 1005], ids=["before", "now", "after"])
def test_a_row_of_the_database_and_a_stolen_old_key_get_no_signature_of_the_new_one(
    app, decide, seal, turn, client, api_key, stolen, rows, size
):
    record_id = decide(acceptance()).json["record_id"]
    seal()
    private = stolen()
    turn(rotate)
    seal()
    turn(retire)
    decide(refusal())
    seal()
    origin = rows("log_checkpoints")[0]["note"].partition("\n")[0]
    forged = Checkpoint(origin, size, b"\x66" * 32).sign(*private)
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.text("DELETE FROM log_checkpoints WHERE size >= 4"))
        connection.execute(sa.text(INSERT), a_checkpoint(size, forged))
        connection.commit()
    key, site = api_key("export"), "/v1/sites/demo"
    answers = [
        client.get(f"{site}/log/checkpoint"),
        client.get(f"{site}/export?format=jsonl", headers=key),
        client.get(f"{site}/export?format=jsonl&checkpoint={size}", headers=key),
        client.get(f"{site}/consents/{record_id}/proof", headers=key),
    ]

    assert [answer.status_code for answer in answers] == [409] * 4
    assert not any("ZmZm" in answer.text for answer in answers)
