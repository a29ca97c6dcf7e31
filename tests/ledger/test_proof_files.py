"""``.tlog-proof`` files: written, read, verified offline, and refused when anything was changed."""

import pytest

from consent_server.ledger.canonical import canonical
from consent_server.ledger.note import NoteInvalid, NoteKey
from consent_server.ledger.prooffile import ProofFile
from consent_server.ledger.proofs import ProofInvalid
from tests.ledger.test_merkle import ENTRIES
from tests.ledger.test_notes import CHECKPOINT, VKEY

ENTRY = canonical(ENTRIES[1])
TRUSTED = [NoteKey.parse(VKEY)]
#: Index 1 of the published vector.
TEXT = f"""c2sp.org/tlog-proof@v1
index 1
nk3tP2282loiqqQY6bqj7jCnXDzuqWzAKwyYgL+jR3M=
NKsDEtvY0GVJ+7U1hL4R/aFZCLKn3FS4wuOhRIqyr5I=

{CHECKPOINT}"""


def test_the_proof_of_the_published_vector_verifies():
    proof = ProofFile.parse(TEXT)

    assert proof.index == 1
    assert proof.verify(ENTRY, TRUSTED).size == 3
    assert proof.text == TEXT


def test_extra_bytes_travel_along():
    proof = ProofFile.parse(TEXT.replace("index", "extra AAE=\nindex"))

    assert proof.extra == b"\0\1"
    assert ProofFile.parse(proof.text) == proof
    assert proof.verify(ENTRY, TRUSTED).size == 3


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("@v1", "@v2"),
        lambda text: text.replace("index 1", "index 0"),
        lambda text: text.replace("index 1", "index 01"),
        lambda text: text.replace("index 1\n", ""),
        lambda text: text.replace("nk3t", "nk3u"),
        lambda text: text.replace("nk3t", "nk3"),
        lambda text: text.replace("NKsD", "", 1),
        lambda text: text.replace("\n\n", "\n", 1),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n3\n", "\n4\n"),
        lambda text: "",
        lambda text: "c2sp.org/tlog-proof@v1\n\n" + CHECKPOINT,
        lambda text: text.replace("index", "extra *\nindex"),
    ],
)
def test_a_file_that_was_changed_is_refused(spoil):
    with pytest.raises((ProofInvalid, NoteInvalid)):
        ProofFile.parse(spoil(TEXT)).verify(ENTRY, TRUSTED)


def test_another_entry_is_not_proved():
    with pytest.raises(ProofInvalid):
        ProofFile.parse(TEXT).verify(canonical(ENTRIES[0]), TRUSTED)
