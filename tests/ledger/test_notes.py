"""Signed notes and checkpoints: the published examples, and everything that is not quite one."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.note import NoteInvalid, NoteKey, open_note, sign_note

#: Of the C2SP specification of signed notes and of Go's package note.
POEM_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
POEM = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6"
    "KE6RyyBwJnAM=\n"
)
ORIGIN = "consent.example.org/log/site-1"
PRIVATE = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
VKEY = "consent.example.org/log/site-1+45d5bc51+AepKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs"
CHECKPOINT = (
    "consent.example.org/log/site-1\n3\nj2X43aT8IiYNR8SQXDnz3mWS/RBW25VH91raB1l03RI=\n\n"
    "— consent.example.org/log/site-1 RdW8UcGfrRpTbv/DACdkMQW4YH0xhLCwfOiH1BABsr+tC7woF0Npe2JFlzlo"
    "vGoY90nfcorbPTRAWkipz2i20nbrcQE=\n"
)
ROOT = base64.b64decode("j2X43aT8IiYNR8SQXDnz3mWS/RBW25VH91raB1l03RI=")


def test_the_note_of_the_reference_implementation_opens():
    text = open_note(POEM, [NoteKey.parse(POEM_KEY)])

    assert text == POEM.partition("\n\n")[0] + "\n"
    assert NoteKey.parse(POEM_KEY).vkey == POEM_KEY


def test_the_checkpoint_and_the_key_are_those_of_the_published_vector():
    key = NoteKey(ORIGIN, PRIVATE.public_key().public_bytes_raw())

    assert key.vkey == VKEY
    assert Checkpoint(ORIGIN, 3, ROOT).sign(PRIVATE) == CHECKPOINT
    assert Checkpoint.open(CHECKPOINT, [NoteKey.parse(VKEY)]) == Checkpoint(ORIGIN, 3, ROOT)


def test_signatures_of_unknown_keys_are_ignored_beside_a_known_one():
    witness = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
    cosigned = CHECKPOINT + sign_note("x\n", "witness.example", witness).partition("\n\n")[2]
    later = CHECKPOINT + f"— {ORIGIN} {base64.b64encode(b'abcd' + bytes(2420)).decode()}\n"

    for note in (cosigned, later):
        assert Checkpoint.open(note, [NoteKey.parse(VKEY)]).size == 3


def test_a_wrong_signature_of_a_known_key_refuses_the_note_even_beside_a_right_one():
    other = Checkpoint(ORIGIN, 4, ROOT).sign(PRIVATE).partition("\n\n")[2]

    with pytest.raises(NoteInvalid):
        open_note(CHECKPOINT + other, [NoteKey.parse(VKEY)])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda note: note.replace("\n3\n", "\n4\n"),
        lambda note: note.replace("\n3\n", "\n03\n"),
        lambda note: note.replace("\n3\n", "\n+3\n"),
        lambda note: note.replace("\n3\n", "\n3 \n"),
        lambda note: note.replace("RI=\n", "RI\n"),
        lambda note: note.replace("RI=\n", "RJ=\n"),
        lambda note: note.replace("site-1\n", "site-2\n"),
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.replace("\n", "\r\n"),
        lambda note: note.replace("— ", "- "),
        lambda note: note[:-1],
        lambda note: note + "\n",
        lambda note: note.partition("\n\n")[0] + "\n\n",
        lambda note: note + note.partition("\n\n")[2] * 100,
        lambda note: note.replace("RdW8", "RdX8"),
        lambda note: "\x00" + note,
        lambda note: note.replace("site-1\n3", "\ud800\n3"),
        lambda note: note + "x" * 1_000_001 + "\n",
        lambda note: "",
    ],
)
def test_a_note_that_was_changed_is_refused(spoil):
    with pytest.raises(NoteInvalid):
        Checkpoint.open(spoil(CHECKPOINT), [NoteKey.parse(VKEY)])


def test_every_changed_byte_is_noticed():
    data = CHECKPOINT.encode()
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises((NoteInvalid, UnicodeDecodeError)):
            Checkpoint.open(changed.decode(), [NoteKey.parse(VKEY)])


def test_a_checkpoint_of_another_log_is_refused_whoever_signed_it():
    signed = sign_note(Checkpoint("other.example/log", 3, ROOT).text, ORIGIN, PRIVATE)

    with pytest.raises(NoteInvalid, match="another log"):
        Checkpoint.open(signed, [NoteKey.parse(VKEY)])


@pytest.mark.parametrize("text", ["", "a\n1\n", f"a\n1\n{base64.b64encode(b'x').decode()}\n"])
def test_other_texts_are_no_checkpoint(text):
    with pytest.raises(NoteInvalid):
        Checkpoint.parse(text)


def test_extension_lines_are_not_understood():
    text = Checkpoint(ORIGIN, 3, ROOT).text + "time 1\n"
    with pytest.raises(NoteInvalid):
        Checkpoint.open(sign_note(text, ORIGIN, PRIVATE), [NoteKey.parse(VKEY)])


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a",
        "a+b",
        VKEY.replace("45d5", "45d6"),
        VKEY.replace("+Ae", "+Be"),
        VKEY + "A",
        "+" + VKEY,
    ],
)
def test_a_line_that_is_no_key_is_refused(vkey):
    with pytest.raises(NoteInvalid):
        NoteKey.parse(vkey)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2003b", "a\tb", "\ud800"])
def test_a_name_with_spaces_or_plus_signs_is_refused(name):
    with pytest.raises(NoteInvalid):
        sign_note("x\n", name, PRIVATE)


@pytest.mark.parametrize("text", ["", "no line feed", "a\tb\n", "\ud800\n"])
def test_a_text_that_cannot_be_in_a_note_is_not_signed(text):
    with pytest.raises(NoteInvalid):
        sign_note(text, "a", PRIVATE)
