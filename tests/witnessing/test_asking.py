"""Each new head is shown to the witnesses, and what they say is kept and given out."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.cosignature import cosign, cosignatures
from consent_server.ledger.policy import Policy
from consent_server.log.models import LogCosignature
from consent_server.log.witnesses import MOST
from tests.builders import OTHER_VISITOR, acceptance
from tests.databases import administrator_of
from tests.log.tampering import unguarded


def test_a_new_head_is_cosigned_and_given_out_with_it(
    grow, ask, checkpoint, witness, clock, log_key, rows
):
    grow(3)
    bare = checkpoint().text
    clock.advance(seconds=20)

    asked = ask()

    note = checkpoint().text
    (seen,) = cosignatures(note, [witness.key.public])
    assert (asked.refusal, asked.size) == (None, Checkpoint.open(note, [log_key]).size)
    assert note == bare + seen.line
    assert seen.seconds == int(clock.instant.timestamp())
    assert [row["line"] for row in rows("log_cosignatures")] == [seen.line]


def test_a_log_that_grew_is_shown_with_the_proof(grow, ask, checkpoint, witness, rows):
    for count in (1, 4, 2):
        grow(count)
        assert ask().refusal is None
        assert ask().refusal is None  # nothing new: nobody is asked

    assert len(rows("log_cosignatures")) == 3
    assert len(cosignatures(checkpoint().text, [witness.key.public])) == 1


def test_what_a_witness_said_and_was_lost_is_asked_again(app, grow, ask, witness, rows):
    """The service was killed after the witness had answered."""
    grow()
    ask()
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.text("DELETE FROM log_cosignatures"))
    grow(2)

    assert ask().refusal is None
    assert len(rows("log_cosignatures")) == 1


def test_a_proof_carries_what_the_witnesses_said(grow, decide, seal, ask, client, api_key, witness):
    record_id = decide(acceptance()).json["record_id"]
    seal()
    ask()
    address = f"/v1/sites/demo/consents/{record_id}/proof?format=tlog-proof"

    proof = client.get(address, headers=api_key("export")).text

    note = proof.partition("\n\n")[2]
    assert len(cosignatures(note, [witness.key.public])) == 1


def test_an_export_is_the_same_before_and_after(grow, ask, client, api_key):
    grow()
    key = api_key("export")
    address = "/v1/sites/demo/export?format=jsonl"
    before = client.get(address, headers=key).data

    ask()

    assert client.get(address, headers=key).data == before


def test_the_newest_checkpoint_that_enough_have_seen(
    notary, grow, ask, checkpoint, a_witness, witness, log_key
):
    other = a_witness(log_key, name="w2")
    both = f"{witness.lines('A')}{other.lines('B')}group both all A B\nquorum both\n"
    policy = notary.policy = Policy.parse(both)
    grow()
    assert (checkpoint("?witnessed=true").status_code, checkpoint().status_code) == (404, 200)
    ask(witness=policy.witnesses[0])
    assert checkpoint("?witnessed=true").json["reason"] == "not_witnessed"
    ask(witness=policy.witnesses[1])
    whole = checkpoint().text
    grow()
    ask(witness=policy.witnesses[0])

    assert checkpoint("?witnessed=true").text == whole
    assert policy.is_met(seen.witness for seen in policy.seen_by(whole))
    assert checkpoint().text != whole


def test_what_is_asked_for_is_spelled_in_one_way(grow, checkpoint):
    grow()

    asked = ("true", "false", "yes", "1", "True", "on", "")
    found = {word: checkpoint(f"?witnessed={word}").status_code for word in asked}

    assert [word for word in asked if found[word] != 422] == ["true", "false"]


def test_a_row_that_is_wrong_is_not_given_out(app, grow, ask, checkpoint, witness, a_witness, rows):
    """Nor one of a witness that the policy does not know: each could spoil the checkpoint."""
    grow()
    bare = checkpoint().text
    ask()
    (row,) = rows("log_cosignatures")
    stranger = a_witness(name="w2")
    said = cosign(bare.partition("\n\n")[0] + "\n", "w2.example", stranger.key.private, 5)
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(
            sa.text("UPDATE log_cosignatures SET line = :line"),
            {"line": row["line"].replace("=", "A", 1)},
        )
        connection.commit()
    with app.app_context():
        db.session.add(
            LogCosignature(
                site_id="demo",
                vkey=said.witness.vkey,
                size=row["size"],
                line=said.line,
                seen_at=datetime.fromtimestamp(5, UTC),
            )
        )
        db.session.commit()

    assert checkpoint().text == bare


def test_one_that_lags_hides_nothing_that_enough_have_seen(
    notary, grow, ask, checkpoint, a_witness, witness, log_key
):
    other = a_witness(log_key, name="w2")
    both = f"{witness.lines('A')}{other.lines('B')}group both all A B\nquorum both\n"
    policy = notary.policy = Policy.parse(both)
    grow()
    for one in policy.witnesses:
        ask(witness=one)
    whole = checkpoint().text
    for _ in range(MOST + 1):
        grow()
        ask(witness=policy.witnesses[0])

    assert checkpoint("?witnessed=true").text == whole


def test_a_proof_is_of_a_checkpoint_that_was_seen_where_there_is_one(
    grow, decide, seal, ask, client, api_key, policy
):
    record_id = decide(acceptance()).json["record_id"]
    seal()
    ask()
    grow()
    later = decide(acceptance(consent_id=OTHER_VISITOR)).json["record_id"]
    seal()

    def is_seen(record_id):
        address = f"/v1/sites/demo/consents/{record_id}/proof?format=tlog-proof"
        note = client.get(address, headers=api_key("export")).text.partition("\n\n")[2]
        return policy.is_met(seen.witness for seen in policy.seen_by(note))

    assert is_seen(record_id)
    assert not is_seen(later)


@pytest.mark.parametrize("column", ["line", "seen_at"])
def test_a_cosignature_that_was_changed_is_a_finding(
    findings, app, grow, ask, notary, rows, column
):
    grow()
    ask()
    assert findings() == []
    (row,) = rows("log_cosignatures")
    changed = {"line": row["line"].replace("=", "A", 1), "seen_at": "2020-01-01T00:00:00.000Z"}
    with app.app_context(), unguarded(db.engine) as connection:
        statement = f"UPDATE log_cosignatures SET {column} = :value"  # noqa: S608
        connection.execute(sa.text(statement), {"value": changed[column]})

    (finding,) = findings()

    assert finding.startswith(f"checkpoint {row['size']}: ")


@pytest.mark.parametrize(
    "change",
    ["UPDATE log_cosignatures SET line = line", "DELETE FROM log_cosignatures"],
)
def test_cosignatures_can_only_be_appended_to(app, grow, ask, change):
    grow()
    ask()

    with (
        app.app_context(),
        pytest.raises(sa.exc.DBAPIError, match="can only be appended to"),
        administrator_of(db.engine).begin() as connection,
    ):
        connection.execute(sa.text(change))
