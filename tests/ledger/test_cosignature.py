"""A witness says when it saw a checkpoint (c2sp.org/tlog-cosignature)."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.cosignature import COSIGNATURE, cosign, cosignatures, witness_key
from consent_server.ledger.note import NoteInvalid, NoteKey

LOG, WITNESS, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
HEAD = Checkpoint("consent.example/log/demo", 7, b"\x07" * 32)
NOTE = HEAD.sign(LOG)
SEEN = 1_679_315_147


def key(private, name="witness.example/w"):
    return NoteKey(name, private.public_key().public_bytes_raw(), COSIGNATURE)


def test_the_line_is_what_the_standard_says():
    line = cosign(HEAD.text, "witness.example/w", WITNESS, SEEN).line

    name, encoded = line.removeprefix("— ").removesuffix("\n").split(" ")
    material = base64.b64decode(encoded)
    public = WITNESS.public_key()
    named = b"witness.example/w\n\x04" + public.public_bytes_raw()
    assert (name, material[:4]) == ("witness.example/w", hashlib.sha256(named).digest()[:4])
    assert int.from_bytes(material[4:12], "big") == SEEN
    public.verify(material[12:], f"cosignature/v1\ntime {SEEN}\n{HEAD.text}".encode())


def test_what_a_known_witness_said_is_found_beside_other_signatures():
    lines = [cosign(HEAD.text, "witness.example/w", one, SEEN).line for one in (OTHER, WITNESS)]

    (found,) = cosignatures(NOTE + "".join(lines), [key(WITNESS)])

    assert (found.witness, found.seconds) == (key(WITNESS), SEEN)
    assert found.line == lines[1]
    assert cosignatures(NOTE, [key(WITNESS)]) == []


@pytest.mark.parametrize("part", ["time", "signature", "another head", "short", "far future"])
def test_a_wrong_cosignature_of_a_known_witness_is_refused(part):
    made = cosign(HEAD.text, "witness.example/w", WITNESS, SEEN)
    material = bytearray(base64.b64decode(made.line.split(" ")[2]))
    note = NOTE
    if part == "time":
        material[11] ^= 1
    elif part == "signature":
        material[-1] ^= 1
    elif part == "another head":
        note = Checkpoint(HEAD.origin, 8, HEAD.root).sign(LOG)
    elif part == "short":
        del material[-1]
    else:
        material[4] |= 0x80
    line = f"— witness.example/w {base64.b64encode(material).decode()}\n"

    with pytest.raises(NoteInvalid, match=r"the cosignature of witness\.example/w is "):
        cosignatures(note + line, [key(WITNESS)])


def test_keys_of_logs_and_of_witnesses_are_not_taken_for_each_other():
    log = NoteKey("witness.example/w", WITNESS.public_key().public_bytes_raw())

    assert witness_key(key(WITNESS).vkey) == key(WITNESS)
    assert log.key_id != key(WITNESS).key_id
    with pytest.raises(NoteInvalid):
        witness_key(log.vkey)
    with pytest.raises(NoteInvalid):
        NoteKey.parse(key(WITNESS).vkey)
