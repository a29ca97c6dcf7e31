"""What vouches for the logs: their keys, and what it promised, both outside the database.

Of each site the last head that was promised lies in the data directory, so that a database that was
set back to an older copy is noticed. The order of things, and why no crash breaks it:

1. The order of a batch is written to the queue and committed (``sealing.batch``).
2. Its entries are written here (``sealing.journal``); then the new head is signed and written. Both
   are on the disk before the next step.
3. Entries, tiles and checkpoint are committed; only now can anybody see them.

Whoever comes after a crash between 1 and 3 finds the batch in its settled order and makes the same
head again, to the byte, for Ed25519 is deterministic. So a head here that the database lacks is
either made good by that batch, or the database is older than what was signed.
"""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from consent_server.disk import lock_of, replace_file
from consent_server.ledger.canonical import digest
from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.entries import Artifact
from consent_server.ledger.note import (
    NoteInvalid,
    NoteKey,
    countersign,
    sign_note,
    signature_line,
)
from consent_server.ledger.policy import NOBODY, Policy
from consent_server.sealing.errors import LogInconsistent
from consent_server.sealing.journal import append
from consent_server.sealing.keyfile import LogKeyFile, LogKeys, handover_text

#: How the name of a journal ends.
JOURNAL = ".entries"


class Notary:
    """The signer of every site's log; touches no file before it is asked to."""

    def __init__(self, data_directory: Path, public_url: str, policy: Policy = NOBODY):
        """
        :param public_url: names the logs, without its scheme
        :param policy: the witnesses of the logs
        """
        self.policy = policy
        parts = urlsplit(public_url)
        self._host = parts.netloc + parts.path
        self._directory = data_directory / "log"
        self._key_file = LogKeyFile(data_directory)

    def elsewhere(self, folder: Path) -> "Notary":
        """Return one that reads what another machine promised; it has the same keys.

        :param folder: ``log`` of the other machine's data directory, or a copy of it
        """
        other = copy(self)
        other._directory = folder
        return other

    def origin(self, site_id: str) -> str:
        """Return the name of a site's log, if it is new; one that was signed keeps its name."""
        return f"{self._host}/log/{site_id}"

    def key(self, origin: str, *, may_create: bool) -> NoteKey:
        """Return the newest public key of a log: it verifies everything that is given out.

        :raises LogInconsistent: no log can have this name
        :raises LogKeyUnusable: see :meth:`LogKeyFile.read`
        """
        return _named(origin, self._key_file.read(may_create=may_create).publics[-1])

    def keys_at_work(self, origin: str) -> list[NoteKey]:
        """Return the keys that sign a log now, the newest first.

        :raises LogInconsistent: no log can have this name
        :raises LogKeyUnusable: see :meth:`LogKeyFile.read`
        """
        privates = self._key_file.read(may_create=False).at_work
        return [_named(origin, key.public_key().public_bytes_raw()) for key in privates]

    def keys_of(self, origin: str, site_id: str, size: int) -> list[NoteKey]:
        """Return the keys that can have signed a log at a size: a retired one until it was retired.

        :raises LogInconsistent: no log can have this name
        :raises LogKeyUnusable: see :meth:`LogKeyFile.read`
        """
        keys = self._key_file.read(may_create=False).keys
        return [_named(origin, key.public) for key in keys if key.may_have_signed(site_id, size)]

    def promised(self, site_id: str) -> Checkpoint | None:
        """Return the last head of a site's log that was promised from this data directory.

        :raises LogInconsistent: the file is damaged
        """
        try:
            text = self._path(site_id).read_text(encoding="utf-8")
            return Checkpoint.parse(text.partition("\n\n")[0] + "\n")
        except FileNotFoundError:
            return None
        except (NoteInvalid, UnicodeDecodeError):
            path = self._path(site_id)
            raise LogInconsistent(f"{path}: is no checkpoint; restore it from a backup") from None

    def promised_sites(self) -> list[str]:
        """Return the sites of whose logs anything was promised from this data directory."""
        return sorted(path.stem for path in self._directory.glob("*.checkpoint"))

    def is_promised_by_us(self, site_id: str) -> bool:
        """Whether a key that we know signed what :meth:`promised` returns.

        :raises LogKeyUnusable: see :meth:`LogKeyFile.read`
        """
        head = self.promised(site_id)
        if head is None:
            return False
        note = self._path(site_id).read_text(encoding="utf-8")
        try:
            return Checkpoint.open(note, self.keys_of(head.origin, site_id, head.size)) == head
        except NoteInvalid:
            return False

    def promise(self, site_id: str, head: Checkpoint, entries: Sequence[bytes] = ()) -> str:
        """Sign a head and keep it on the disk before anybody can see it; return the note.

        :param entries: the last ones of that tree, as many as are new here
        :raises LogInconsistent: another head of this size was promised
        :raises LogKeyUnusable: see :meth:`LogKeyFile.read`
        """
        note = head.sign(*self._key_file.read(may_create=False).at_work)
        path = self._path(site_id)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with lock_of(path):
            before = self.promised(site_id)
            if before is not None and before.size == head.size and before != head:
                raise LogInconsistent(f"another tree of {head.size} entries was signed")
            if before is None or before.size < head.size:
                if entries:
                    append(self.journal(site_id), head.size - len(entries), entries)
                replace_file(path, note.encode())
        return note

    def journal(self, site_id: str) -> Path:
        """Return where the entries of a site's log are kept outside the database."""
        return self._path(site_id).with_suffix(JOURNAL)

    def attest(self, origin: str, text: str) -> str:
        """Sign something else than a head, which no verifier takes for one; return the note.

        :param text: begins with a line that says what it is, and has two lines
        :raises LogKeyUnusable: see :meth:`LogKeyFile.read`
        """
        return sign_note(text, origin, *self._key_file.read(may_create=False).at_work)

    def countersign(self, note: str, head: Checkpoint) -> str:
        """Return a checkpoint with the signatures of the keys that are at work now.

        :param head: what the note says; the caller has proven that our log had it
        :raises NoteInvalid: the note says something else
        :raises LogKeyUnusable: see :meth:`LogKeyFile.read`
        """
        if note.partition("\n\n")[0] + "\n" != head.text:
            raise NoteInvalid("the note is of another head")
        return countersign(note, head.origin, *self._key_file.read(may_create=False).at_work)

    def key_artifact(self, site_id: str, number: int | None = None) -> Artifact:
        """Return what says in a site's log that a key took over.

        :param number: of the key, from 2; the newest without
        :raises LookupError: there is no such key, or it was the first
        :raises LogKeyUnusable: see :meth:`LogKeyFile.read`
        """
        publics = self._key_file.read(may_create=False).publics
        number = len(publics) if number is None else number
        if not 2 <= number <= len(publics):
            raise LookupError(f"key {number} took over from none")
        before, after = map(digest, publics[number - 2 : number])
        return Artifact("key", f"{site_id}/key/{number}", after, before)

    def handovers(self, origin: str) -> list[str]:
        """Return a note for each key that took over, which it and the one before it signed.

        :raises LogKeyUnusable: see :meth:`LogKeyFile.read`
        """
        keys = self._key_file.read(may_create=False).keys
        notes = []
        for before, after in pairwise(keys):
            text = handover_text(before.public, after.public)
            pair = zip((before, after), after.handover or (), strict=False)
            lines = [
                signature_line(NoteKey(origin, key.public), signature) for key, signature in pair
            ]
            notes.append(f"{text}\n" + "".join(lines))
        return notes

    def all_known(self) -> LogKeys:
        """Return every key with what is known of it.

        :raises LogKeyUnusable: see :meth:`LogKeyFile.read`
        """
        return self._key_file.read(may_create=False)

    def rotate(self, now: datetime) -> LogKeys:
        """Put a new key to work beside the newest one, which hands over to it.

        :param now: aware, UTC
        :raises LogKeyUnusable: see :meth:`LogKeyFile.read`
        """
        return self._key_file.change(lambda keys: keys.rotated(now))

    def retire(self, sizes: Mapping[str, int]) -> LogKeys:
        """Destroy the private halves of all keys but the newest.

        :param sizes: site → size of its log now; beyond it, nothing by an old key is ours
        :raises LogKeyUnusable: see :meth:`LogKeyFile.read`
        """
        return self._key_file.change(lambda keys: keys.retired(sizes))

    def _path(self, site_id: str) -> Path:
        return self._directory / f"{site_id}.checkpoint"


def _named(origin: str, public: bytes) -> NoteKey:
    try:
        return NoteKey(origin, public)
    except NoteInvalid:  # it is what the database says
        raise LogInconsistent(f"no log is called {origin!r}") from None
