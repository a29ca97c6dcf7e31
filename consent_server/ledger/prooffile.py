"""One entry's proof as a text file that verifies offline: index, inclusion proof and checkpoint.

Source: https://c2sp.org/tlog-proof
"""

from collections.abc import Iterable
from dataclasses import dataclass

from consent_server.ledger.checkpoint import NUMBER, Checkpoint
from consent_server.ledger.merkle import leaf_hash
from consent_server.ledger.note import NoteInvalid, NoteKey, base64_decode, base64_encode
from consent_server.ledger.proofs import ProofInvalid, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True)
class ProofFile:
    """What a ``.tlog-proof`` file says."""

    index: int
    #: 32 bytes each, from the leaf's sibling upwards.
    hashes: tuple[bytes, ...]
    #: The signed note, to the byte.
    checkpoint: str
    #: Bytes of the application's, which nothing vouches for; None without any.
    extra: bytes | None = None

    @property
    def text(self) -> str:
        """The file."""
        extra = [] if self.extra is None else [f"extra {base64_encode(self.extra)}"]
        hashes = [base64_encode(hashed) for hashed in self.hashes]
        return "\n".join([HEADER, *extra, f"index {self.index}", *hashes, "", self.checkpoint])

    @classmethod
    def parse(cls, text: str) -> "ProofFile":
        """Return what a file says; nothing of it is checked yet.

        :raises ProofInvalid: not such a file
        """
        head, blank, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if not blank or lines.pop(0) != HEADER or not lines:
            raise ProofInvalid(f"not a file of {HEADER}")
        try:
            extra = None
            if lines[0].startswith("extra "):
                extra = base64_decode(lines.pop(0).removeprefix("extra "))
            word, _, number = lines.pop(0).partition(" ") if lines else ("", "", "")
            if word != "index" or not NUMBER.match(number):
                raise ProofInvalid("no line with an index")
            hashes = tuple(base64_decode(line) for line in lines)
        except NoteInvalid as refusal:
            raise ProofInvalid(str(refusal)) from None
        return cls(int(number), hashes, checkpoint, extra)

    def verify(self, entry: bytes, trusted: Iterable[NoteKey]) -> Checkpoint:
        """Check that a log whose key is trusted holds this entry at the index.

        :returns: the checkpoint that proves it
        :raises NoteInvalid: no trusted key signed the checkpoint
        :raises ProofInvalid: the entry is not in its tree at the index
        """
        checkpoint = Checkpoint.open(self.checkpoint, trusted)
        leaf = leaf_hash(entry)
        verify_inclusion(leaf, self.index, checkpoint.size, self.hashes, checkpoint.root)
        return checkpoint
