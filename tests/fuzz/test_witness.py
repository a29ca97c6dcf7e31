"""F-25, the witness: whatever it is asked to cosign, it signs nothing that does not continue."""

import pytest

from consent_server.ledger.cosignature import cosignatures
from consent_server.witness.cosigning import Cosigner
from consent_server.witness.keeping import SeenLogs, WitnessKey
from consent_server.witness.serving import create_witness
from tests.application import NOW
from tests.fault.trials import SMALL_SHARE, Trials
from tests.fuzz.bodies import Mutator, Sent
from tests.witness.test_cosigning import LOG_KEY, body, note

#: What a log asks that was seen at 5 entries, and may.
GOOD = [body(5, 5), body(5, 7), body(5, 64), body(5, 300)]
OTHERS = [body(0, 5), body(0, 300), body(7, 300), body(5, 7, kind="b"), body(5, 7, origin="x/y")]
REFUSED = {400, 403, 404, 409, 413, 422}
#: Sizes that are none, or none of this log.
NUMBERS = ["-1", "+5", "05", "5.0", "", " 5", "٥", "1_0", str(2**63), str(2**64), "9" * 5000, "0x5"]


class Asking:
    """Bodies for ``POST /add-checkpoint``, changed in their lines and bytes."""

    def __init__(self, dice):
        self._dice = dice
        self._mutator = Mutator(dice, {})

    def body(self):
        """Return one."""
        dice = self._dice
        lines = dice.choice([*GOOD, *GOOD, *OTHERS]).decode().split("\n")
        for _ in range(dice.choice([0, 0, 1, 1, 2])):
            at = dice.randrange(len(lines))
            match dice.randrange(6):
                case 0:
                    del lines[at]
                case 1:
                    lines.insert(at, dice.choice(["", "A" * 44, lines[at], "=", "— x y", "\r"]))
                case 2:
                    other = dice.randrange(len(lines))
                    lines[at], lines[other] = lines[other], lines[at]
                case 3:
                    lines[at] = dice.choice(["old ", "", "OLD "]) + dice.choice(NUMBERS)
                case 4:
                    lines[at : at + 1] = [lines[at]] * dice.choice([2, 70])
                case _:
                    foreign = dice.choice([*GOOD, *OTHERS]).decode().split("\n")
                    lines[at:] = foreign[dice.randrange(len(foreign)) :]
            lines = lines or [""]
        sent = Sent("/add-checkpoint", "\n".join(lines).encode() or b"\n")
        if dice.randrange(2):
            self._mutator.spoil(sent)
        return sent.body


@pytest.fixture
def witness(tmp_path):
    """A witness that saw 5 entries of a log, and the file that says so."""
    key = WitnessKey.create(tmp_path, "witness.example/w")
    cosigner = Cosigner(key, (LOG_KEY,), SeenLogs(tmp_path), lambda: NOW)
    client = create_witness(cosigner).test_client()
    assert client.post("/add-checkpoint", data=body(0, 5)).status_code == 200
    (seen,) = (tmp_path / "seen").glob("*.checkpoint")
    return key, client, seen


def ask_all(trials, witness):
    """Ask in each trial; what was cosigned or kept against the rules is a failure."""
    key, client, seen = witness
    before = seen.read_bytes()
    genuine = {note(size).partition("\n\n")[0]: size for size in (5, 7, 64, 300)}
    asking = Asking(trials.random)
    for number in trials:
        data = asking.body()
        answer = client.post("/add-checkpoint", data=data)
        trials.counts[str(answer.status_code)] += 1
        asked = data.decode(errors="replace").partition("\n\n")[2]
        if answer.status_code == 200:
            signed = genuine.get(asked.partition("\n\n")[0])
            if signed is None or not cosignatures(note(signed) + answer.text, [key.public]):
                trials.fail(number, f"cosigned {data!r}")
        elif answer.status_code not in REFUSED or seen.read_bytes() != before:
            trials.fail(number, f"{answer.status} to {data!r}")
        if seen.read_bytes() != before:
            seen.write_bytes(before)


def test_a_witness_signs_nothing_that_does_not_continue(witness):
    trials = Trials("F-25 witness", "malformed bodies", 100_000, 500, SMALL_SHARE)

    ask_all(trials, witness)

    trials.close(input="witness")
    assert trials.failures == []


def test_these_bodies_would_find_a_witness_that_believes_any_proof(witness, monkeypatch):
    monkeypatch.setattr("consent_server.witness.cosigning.verify_consistency", lambda *_: None)
    trials = Trials("F-25 witness, control", "a careless witness", 500, 500)

    ask_all(trials, witness)

    assert trials.failures
