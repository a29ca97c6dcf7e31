"""Signed notes: text that one or more keys signed, readable by people and by standard tools.

Source: https://c2sp.org/signed-note
"""

import base64
import binascii
import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consent_server.errors import ConsentError

#: Signature type of plain Ed25519 signatures.
ED25519 = b"\x01"
#: Begins each line of a signature: an em dash and a space.
DASH = "— "
#: A note that is larger, or has more signatures, is not looked at.
LARGEST_NOTE = 1_000_000
MOST_SIGNATURES = 100


class NoteInvalid(ConsentError):
    """The note is malformed, or no trusted key signed it, or the signature of one is wrong."""

    status = 422
    reason = "note_invalid"


@dataclass(frozen=True)
class NoteKey:
    """The public half of an Ed25519 key that signs notes, as a verifier is given it."""

    #: For a log its origin; no spaces, no plus sign.
    name: str
    #: 32 bytes, RFC 8032.
    public: bytes
    #: Signature type; another one than a log's is a witness's (``ledger.cosignature``).
    kind: bytes = ED25519

    def __post_init__(self) -> None:
        if not _is_name(self.name) or len(self.public) != 32:
            raise NoteInvalid("a key has a name without spaces or plus signs, and 32 bytes")

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature says which key made it; no secure hash."""
        named = self.name.encode() + b"\n" + self.kind + self.public
        return hashlib.sha256(named).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as one line of text: name, key id and key, with plus signs between them."""
        return f"{self.name}+{self.key_id.hex()}+{base64_encode(self.kind + self.public)}"

    @classmethod
    def parse(cls, vkey: str, kind: bytes = ED25519) -> "NoteKey":
        """Return the key that a line of text stands for.

        :raises NoteInvalid: not such a line, another type of key, or an id that is not the key's
        """
        name, _, rest = vkey.partition("+")
        key_id, _, encoded = rest.partition("+")
        material = base64_decode(encoded)
        if material[:1] != kind:
            raise NoteInvalid(f"not a key of the type {kind.hex()}")
        key = cls(name, material[1:], kind)
        if key.key_id.hex() != key_id:
            raise NoteInvalid("the key id is not that of the key")
        return key


def sign_note(text: str, name: str, *keys: Ed25519PrivateKey) -> str:
    """Return a note with a signature of each key.

    :param text: ends with a line feed
    :param name: of every key, that of the log
    :param keys: at least one
    :raises NoteInvalid: the text or the name cannot be in a note
    """
    if not text.endswith("\n") or not _is_text(text):
        raise NoteInvalid("the text of a note ends with a line feed and has no control characters")
    return f"{text}\n" + "".join(_signed(text, name, private) for private in keys)


def countersign(note: str, name: str, *keys: Ed25519PrivateKey) -> str:
    """Return a note with the signatures of those of these keys that it lacks.

    :raises NoteInvalid: malformed; whether its own signatures are right is not looked at
    """
    text, signatures = split_note(note)
    there = {(signer, signature[:4]) for signer, signature in signatures}
    publics = [NoteKey(name, private.public_key().public_bytes_raw()) for private in keys]
    lacking = [
        private
        for private, key in zip(keys, publics, strict=True)
        if (name, key.key_id) not in there
    ]
    return note + "".join(_signed(text, name, private) for private in lacking)


def signature_line(key: NoteKey, signature: bytes) -> str:
    """Return the line of a note that holds a signature, made before, by a key."""
    return f"{DASH}{key.name} {base64_encode(key.key_id + signature)}\n"


def signers(note: str) -> set[tuple[str, bytes]]:
    """Return name and key id of each signature of a note; nothing is verified.

    :raises NoteInvalid: malformed
    """
    return {(name, signature[:4]) for name, signature in split_note(note)[1]}


def open_note(note: str, trusted: Iterable[NoteKey]) -> str:
    """Return a note's text after checking that a trusted key signed it.

    Signatures of unknown keys are ignored, so that witnesses and new keys can sign beside ours.

    :raises NoteInvalid: malformed, signed by no trusted key, or with a wrong signature of one
    """
    text, signatures = split_note(note)
    known = {(key.name, key.key_id): key for key in trusted}
    verified = 0
    for name, signature in signatures:
        key = known.get((name, signature[:4]))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.public).verify(signature[4:], text.encode())
        except InvalidSignature:
            raise NoteInvalid(f"the signature of {name} is wrong") from None
        verified += 1
    if not verified:
        raise NoteInvalid("no trusted key signed the note")
    return text


def without_strangers(note: str, trusted: Iterable[NoteKey]) -> str:
    """Return a note with the signatures of these keys alone, in their order.

    :raises NoteInvalid: malformed; nothing is verified
    """
    text, signatures = split_note(note)
    known = {(key.name, key.key_id): key for key in trusted}
    lines = [
        signature_line(known[name, made[:4]], made[4:])
        for name, made in signatures
        if (name, made[:4]) in known
    ]
    return f"{text}\n" + "".join(lines)


def split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    """Return the text, and of each signature the key's name and its bytes, key id first.

    :raises NoteInvalid: malformed; nothing is verified
    """
    if len(note) > LARGEST_NOTE or not _is_text(note):
        raise NoteInvalid("larger than a note may be, or with control characters")
    body, blank, tail = note.rpartition("\n\n")
    if not blank or not tail.endswith("\n"):
        raise NoteInvalid("no empty line before the signatures, or no line feed after them")
    lines = tail[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteInvalid(f"more than {MOST_SIGNATURES} signatures")
    return body + "\n", [_signature(line) for line in lines]


def base64_encode(data: bytes) -> str:
    """Return bytes as standard base64 with padding, as notes have it (RFC 4648 section 4)."""
    return base64.b64encode(data).decode()


def base64_decode(text: str) -> bytes:
    """Return the bytes that encode to exactly this text.

    :raises NoteInvalid: another alphabet or spelling
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteInvalid("not base64") from None
    if base64_encode(data) != text:
        raise NoteInvalid("not the canonical spelling of its bytes")
    return data


def _signed(text: str, name: str, private: Ed25519PrivateKey) -> str:
    key = NoteKey(name, private.public_key().public_bytes_raw())
    return signature_line(key, private.sign(text.encode()))


def _signature(line: str) -> tuple[str, bytes]:
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not space or not _is_name(name):
        raise NoteInvalid("a line after the text is no signature")
    signature = base64_decode(encoded)
    if len(signature) < 5:
        raise NoteInvalid("a signature has a key id and something after it")
    return name, signature


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(map(_is_space, name)) and _is_text(name)


def _is_space(character: str) -> bool:
    return character.isspace() or unicodedata.category(character).startswith("Z")


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return all(character >= " " or character == "\n" for character in text)
