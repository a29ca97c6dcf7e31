"""Checkpoints: what a log commits to at one size, as a signed note.

Source: https://c2sp.org/tlog-checkpoint
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_server.ledger.note import (
    NoteInvalid,
    NoteKey,
    base64_decode,
    base64_encode,
    open_note,
    sign_note,
)

#: A decimal number without leading zeros; 19 digits are more than 2^63.
NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z", re.ASCII)


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log: with the root at this size nothing below it can be changed unseen."""

    #: Names the log, and the key that signs it.
    origin: str
    #: Leaves in the tree.
    size: int
    #: 32 bytes, RFC 6962 section 2.1.
    root: bytes

    @property
    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64_encode(self.root)}\n"

    def sign(self, *keys: Ed25519PrivateKey) -> str:
        """Return the checkpoint as a note that each of the log's keys signed."""
        return sign_note(self.text, self.origin, *keys)

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Return what the text of a note says. It is not to be believed before its signature is.

        :raises NoteInvalid: not the text of a checkpoint; extension lines are not understood
        """
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0] or not NUMBER.match(lines[1]):
            raise NoteInvalid("not the three lines of a checkpoint")
        root = base64_decode(lines[2])
        if len(root) != 32:
            raise NoteInvalid("a root has 32 bytes")
        return cls(lines[0], int(lines[1]), root)

    @classmethod
    def open(cls, note: str, trusted: Iterable[NoteKey]) -> "Checkpoint":
        """Return what a trusted log key signed.

        :param trusted: keys of the log that is asked about, by its origin
        :raises NoteInvalid: not signed by one of them, or signed for another log
        """
        keys = list(trusted)
        checkpoint = cls.parse(open_note(note, keys))
        if checkpoint.origin not in {key.name for key in keys}:
            raise NoteInvalid("the checkpoint is another log's")
        return checkpoint
