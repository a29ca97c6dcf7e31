"""Cosignatures: a witness says when it saw a checkpoint, and that the log only grew until then.

Source: https://c2sp.org/tlog-cosignature, version 1 (Ed25519)
"""

from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from consent_server.ledger.note import NoteInvalid, NoteKey, signature_line, split_note

#: Signature type of timestamped Ed25519 cosignatures.
COSIGNATURE = b"\x04"
#: Bytes of a time and a signature.
TIME_BYTES, SIGNATURE_BYTES = 8, 64
#: The latest second that is taken for a time: the end of the year 9999.
LATEST = 253_402_300_799


@dataclass(frozen=True)
class Cosignature:
    """What one witness said of a checkpoint."""

    witness: NoteKey
    #: Seconds since 1970, UTC, by the witness's clock.
    seconds: int
    #: 64 bytes.
    signature: bytes

    @property
    def line(self) -> str:
        """The line of a note that says so, with its line feed."""
        timed = self.seconds.to_bytes(TIME_BYTES, "big") + self.signature
        return signature_line(self.witness, timed)


def witness_key(vkey: str) -> NoteKey:
    """Return the public key of a witness from its line of text.

    :raises NoteInvalid: not such a line, or the key of a log
    """
    return NoteKey.parse(vkey, COSIGNATURE)


def cosign(text: str, name: str, private: Ed25519PrivateKey, seconds: int) -> Cosignature:
    """Sign that a checkpoint was seen, and was consistent with what was seen before.

    :param text: of the checkpoint, without its signatures
    :param name: of the witness
    :param seconds: since 1970, UTC
    """
    key = NoteKey(name, private.public_key().public_bytes_raw(), COSIGNATURE)
    return Cosignature(key, seconds, private.sign(_message(text, seconds)))


def cosignatures(note: str, witnesses: Iterable[NoteKey]) -> list[Cosignature]:
    """Return what these witnesses said of a checkpoint, in the order of its lines.

    Signatures of others are ignored, those of the log's own keys too.

    :raises NoteInvalid: malformed, or the signature of one of these witnesses is wrong
    """
    text, signatures = split_note(note)
    known = {(key.name, key.key_id): key for key in witnesses}
    found = []
    for name, signature in signatures:
        witness = known.get((name, signature[:4]))
        if witness is not None:
            found.append(_verified(text, witness, signature[4:]))
    return found


def _verified(text: str, witness: NoteKey, timed: bytes) -> Cosignature:
    seconds, signature = int.from_bytes(timed[:TIME_BYTES], "big"), timed[TIME_BYTES:]
    if len(signature) != SIGNATURE_BYTES or seconds > LATEST:
        raise NoteInvalid(f"the cosignature of {witness.name} is malformed")
    try:
        public = Ed25519PublicKey.from_public_bytes(witness.public)
        public.verify(signature, _message(text, seconds))
    except InvalidSignature:
        raise NoteInvalid(f"the cosignature of {witness.name} is wrong") from None
    return Cosignature(witness, seconds, signature)


def _message(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
