"""``verify --policy``: enough witnesses saw the checkpoint, or it is said that they did not."""

import base64

import pytest
from click.testing import CliRunner

from consent_server import cli, verification
from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.cosignature import COSIGNATURE, cosign
from consent_server.ledger.note import NoteInvalid, NoteKey
from consent_server.ledger.policy import Policy, PolicyInvalid
from tests.ledger.test_policy import KEYS, LOG, PRIVATE, REFUSED, TWO_LEVELS

HEAD = Checkpoint(LOG.name, 7, b"\x07" * 32)
SECOND = 1_679_315_147


def note(*witnesses, head=HEAD):
    said = [cosign(head.text, KEYS[n].name, PRIVATE[n], SECOND + n).line for n in witnesses]
    return head.sign(PRIVATE[0]) + "".join(said)


@pytest.fixture
def verify(tmp_path):
    """Verify a note by a policy, with words of the command line; gives what the command says."""

    def verify(text, *words, policy=TWO_LEVELS):
        (tmp_path / "note").write_text(text)
        (tmp_path / "policy").write_text(policy)
        command = ["verify", str(tmp_path / "note"), "--policy", str(tmp_path / "policy"), *words]
        return CliRunner().invoke(cli.main, command)

    return verify


def test_enough_witnesses_are_named_with_their_times(verify):
    answer = verify(note(1, 3, 5))

    assert answer.exit_code == 0
    assert (
        "it was seen by w1.example at 2023-03-20T12:25:48Z, w3.example at 2023-03-20T12:25:50Z, "
        "w5.example at 2023-03-20T12:25:52Z, and each saw the log only grow until then"
    ) in answer.output
    assert "came with the file" not in answer.output  # the policy has the log's key


@pytest.mark.parametrize("witnesses", [(), (1, 2), (1, 5), (6,)])
def test_too_few_are_not_enough(verify, witnesses):
    answer = verify(note(*witnesses))

    assert answer.exit_code == 1
    assert "the policy is not met" in answer.output
    assert ("no witness of it saw" in answer.output) is (witnesses in ((), (6,)))


@pytest.mark.parametrize("part", ["time", "signature", "another head"])
def test_a_cosignature_that_was_changed_verifies_nothing(verify, part):
    text = note(1, 3, 5)
    if part == "another head":
        text = note(head=Checkpoint(LOG.name, 8, HEAD.root)) + "".join(
            f"{line}\n" for line in text.splitlines()[5:]
        )
    else:
        *lines, last = text.splitlines()
        name, encoded = last.removeprefix("— ").split(" ")
        material = bytearray(base64.b64decode(encoded))
        material[11 if part == "time" else -1] ^= 1
        changed = f"— {name} {base64.b64encode(material).decode()}"
        text = "\n".join([*lines, changed]) + "\n"

    answer = verify(text)

    assert answer.exit_code == 1
    assert "the signature is wrong" in answer.output


def test_a_cosigned_checkpoint_may_lie_beside_the_file(verify, tmp_path):
    beside = tmp_path / "kept"
    beside.write_text(note(1, 2, 4))
    words = ["--key", LOG.vkey, "--checkpoint", str(beside)]
    assert verify(note(), *words).exit_code == 0

    beside.write_text(note(1, 2))
    assert verify(note(5), *words).exit_code == 0  # what both say counts
    beside.write_text(note(1))
    assert verify(note(5), *words).exit_code == 1


OTHER = NoteKey(LOG.name, PRIVATE[1].public_key().public_bytes_raw())
THIRD = NoteKey("consent.example/log/third", PRIVATE[6].public_key().public_bytes_raw())


def test_a_log_that_the_policy_does_not_name_is_refused(verify):
    signed = HEAD.sign(PRIVATE[1])

    answer = verify(signed, policy=f"log {LOG.vkey}\nquorum none\n")
    assert answer.exit_code == 1
    assert "the log's key did not sign the note" in answer.output
    assert verify(signed, policy=f"log {OTHER.vkey}\nquorum none\n").exit_code == 0
    answer = verify(signed, "--key", OTHER.vkey, policy=f"log {LOG.vkey}\nquorum none\n")
    assert answer.exit_code == 2
    assert "is not in the policy" in answer.output


def test_a_log_is_no_witness_of_itself(verify):
    itself = NoteKey("w0.example", PRIVATE[0].public_key().public_bytes_raw(), COSIGNATURE)
    text = note() + cosign(HEAD.text, itself.name, PRIVATE[0], SECOND).line

    answer = verify(text, "--key", LOG.vkey, policy=f"witness w {itself.vkey}\nquorum w\n")

    assert answer.exit_code == 1
    assert "no witness of it saw" in answer.output


def test_a_policy_may_name_several_logs(verify, tmp_path):
    policy = f"log {THIRD.vkey}\nlog {OTHER.vkey}\nlog {LOG.vkey}\nquorum none\n"
    kept = tmp_path / "kept"
    kept.write_text(note())

    assert verify(note(), policy=policy).exit_code == 0
    assert verify(note(), "--checkpoint", str(kept), policy=policy).exit_code == 0
    assert verify(HEAD.sign(PRIVATE[5]), policy=policy).exit_code == 1


def test_what_shows_no_checkpoint_was_seen_by_nobody(verify):
    handover = f"{verification.HANDOVER}\nx\ny\n\n— a b\n"
    for text in ("aaaa.bbbb.cccc", handover):
        assert verify(text).exit_code == 1


@pytest.mark.parametrize(
    ("quorum", "is_warned"),
    [("any W1 W2 W3", True), ("2 W1 W2 W3", False), ("all W1 W2 W3", False)],
)
def test_a_quorum_of_no_more_than_half_is_warned_of(verify, quorum, is_warned):
    names = "".join(f"witness W{n} {KEYS[n].vkey}\n" for n in (1, 2, 3))
    policy = f"log {LOG.vkey}\n{names}group G {quorum}\nquorum G\n"

    answer = verify(note(1, 2, 3), policy=policy)

    assert answer.exit_code == 0
    assert ("two logs under one name" in answer.output) is is_warned


def test_a_time_after_all_times_is_none(verify):
    head, _, lines = note(1, 3).partition("\n\n")
    line = cosign(f"{head}\n", KEYS[5].name, PRIVATE[5], 253_402_300_800).line

    answer = verify(f"{head}\n\n{lines}{line}")

    assert (answer.exit_code, "a time that there is not" in answer.output) == (1, True)
    with pytest.raises(NoteInvalid):
        Policy.parse(TWO_LEVELS).seen_by(f"{head}\n\n{lines}{line}")


def test_more_signatures_than_a_note_has_are_not_looked_at(verify):
    assert verify(note() + note(2).splitlines()[-1].join(["", "\n"]) * 100).exit_code == 1


@pytest.mark.parametrize("seen", range(128))
def test_both_implementations_count_alike(seen):
    some = [n for n in range(7) if seen >> n & 1]
    ours = Policy.parse(TWO_LEVELS)
    theirs = verification.Policy(TWO_LEVELS)

    assert theirs.is_met(set(theirs.seen(note(*some)))) is ours.is_met(
        said.witness for said in ours.seen_by(note(*some))
    )


@pytest.mark.parametrize("text", [text for text, _ in REFUSED if len(text) < 100_000])
def test_both_implementations_refuse_the_same_policies(text, verify):
    with pytest.raises(PolicyInvalid):
        Policy.parse(text)
    with pytest.raises(verification.Unverifiable):
        verification.Policy(text)
    assert verify(note(), policy=text).exit_code == 2
