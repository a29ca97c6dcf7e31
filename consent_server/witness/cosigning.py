"""The one thing a witness does.

Source: https://c2sp.org/tlog-witness
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from consent_server.ledger.checkpoint import NUMBER, Checkpoint
from consent_server.ledger.cosignature import cosign
from consent_server.ledger.merkle import root
from consent_server.ledger.note import (
    NoteInvalid,
    NoteKey,
    base64_decode,
    split_note,
    without_strangers,
)
from consent_server.ledger.proofs import ProofInvalid, verify_consistency
from consent_server.witness.errors import (
    GrowthUnproven,
    LogKeyUntrusted,
    LogUnknown,
    RequestMalformed,
    SeenAnother,
)
from consent_server.witness.keeping import SeenLogs, WitnessKey

#: Hashes of a proof; a larger tree than 2^63 entries there is none.
MOST_HASHES = 63


@dataclass(frozen=True)
class Submission:
    """What a log asks to have cosigned."""

    #: Entries of the checkpoint that the proof begins at.
    old: int
    proof: list[bytes]
    note: str

    @classmethod
    def parse(cls, body: bytes) -> "Submission":
        """Return what a body says.

        :raises RequestMalformed: something else
        """
        try:
            head, blank, note = body.decode().partition("\n\n")
            first, *lines = head.split("\n")
            if not blank or not first.startswith("old ") or len(lines) > MOST_HASHES:
                raise RequestMalformed("not an old size, a proof and a checkpoint")
            number = first.removeprefix("old ")
            if not NUMBER.match(number):
                raise RequestMalformed("the old size is no number")
            return cls(int(number), [base64_decode(line) for line in lines], note)
        except (UnicodeDecodeError, NoteInvalid):
            raise RequestMalformed("not an old size, a proof and a checkpoint") from None


class Cosigner:
    """Cosigns the checkpoints of known logs, each one only if it continues the last."""

    def __init__(
        self,
        key: WitnessKey,
        logs: tuple[NoteKey, ...],
        seen: SeenLogs,
        clock: Callable[[], datetime],
    ):
        """:param logs: keys of the logs that are cosigned, each named by its origin"""
        self.key = key
        self._logs = logs
        self._seen = seen
        self._clock = clock

    def add_checkpoint(self, body: bytes) -> str:
        """Return the line of the cosignature.

        :raises RequestMalformed: not such a request, or the old size is above the new one
        :raises LogUnknown: the origin is none of the logs
        :raises LogKeyUntrusted: none of the log's keys signed the checkpoint
        :raises SeenAnother: the old size is not the one seen last, or the root is another
        :raises GrowthUnproven: the proof does not fit
        :raises WitnessUnusable: what was seen last cannot be read
        """
        asked = Submission.parse(body)
        checkpoint = self._signed(asked.note)
        if asked.old > checkpoint.size:
            raise RequestMalformed("the old size is above the size of the checkpoint")
        with self._seen.held(checkpoint.origin):
            if self._is_growth(asked, checkpoint):
                # Strangers may add signatures to a checkpoint; they are not kept.
                self._seen.keep(checkpoint, without_strangers(asked.note, self._logs))
            seconds = int(self._clock().timestamp())
            return cosign(checkpoint.text, self.key.name, self.key.private, seconds).line

    def _signed(self, note: str) -> Checkpoint:
        """Return the checkpoint that one of a known log's keys signed."""
        try:
            text, _ = split_note(note)
            origin = Checkpoint.parse(text).origin
        except NoteInvalid as problem:
            raise RequestMalformed(str(problem)) from None
        trusted = [key for key in self._logs if key.name == origin]
        if not trusted:
            raise LogUnknown
        try:
            return Checkpoint.open(note, trusted)
        except NoteInvalid:
            raise LogKeyUntrusted from None

    def _is_growth(self, asked: Submission, checkpoint: Checkpoint) -> bool:
        """Check that the log only grew; return whether it did, or is as it was."""
        seen = self._seen.last(checkpoint.origin)
        size, seen_root = (0, root([])) if seen is None else (seen.size, seen.root)
        if asked.old != size or (checkpoint.size == size and checkpoint.root != seen_root):
            raise SeenAnother(size)
        if size == 0 and checkpoint.size > 0:
            if asked.proof:
                raise GrowthUnproven
            return True
        try:
            verify_consistency(size, checkpoint.size, asked.proof, seen_root, checkpoint.root)
        except ProofInvalid:
            raise GrowthUnproven from None
        return seen is None or checkpoint.size > size
