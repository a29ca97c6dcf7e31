"""What a witness keeps: its key, and of each log the checkpoint that it cosigned last."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_server.disk import lock_of, make_directory, replace_file
from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.cosignature import COSIGNATURE
from consent_server.ledger.note import NoteInvalid, NoteKey, base64_decode, base64_encode
from consent_server.witness.errors import WitnessUnusable

KEY_BYTES = 32


class WitnessKey:
    """The name and private key of a witness, in a file for its user alone."""

    def __init__(self, name: str, private: Ed25519PrivateKey):
        self.name = name
        self.private = private

    @property
    def public(self) -> NoteKey:
        """What whoever verifies is given."""
        return NoteKey(self.name, self.private.public_key().public_bytes_raw(), COSIGNATURE)

    @classmethod
    def create(cls, directory: Path, name: str) -> "WitnessKey":
        """Make a key, once: a second one would be another witness.

        :raises NoteInvalid: no name of a key
        :raises WitnessUnusable: there is one already
        """
        key = cls(name, Ed25519PrivateKey.generate())
        members = {
            "name": key.public.name,
            "private": base64_encode(key.private.private_bytes_raw()),
        }
        make_directory(directory)
        path = directory / "key.json"
        with lock_of(path):
            if path.exists():
                raise WitnessUnusable(f"{path}: there is a key already")
            replace_file(path, json.dumps(members).encode())
        return key

    @classmethod
    def read(cls, directory: Path) -> "WitnessKey":
        """Return the key of a witness.

        :raises WitnessUnusable: there is none, others may read it, or it is damaged
        """
        path = directory / "key.json"
        try:
            if path.stat().st_mode & 0o077:
                raise WitnessUnusable(f"{path}: others can read it; chmod 600, or make a new one")
            members = json.loads(path.read_bytes())
            private = Ed25519PrivateKey.from_private_bytes(base64_decode(members["private"]))
            key = cls(members["name"], private)
            key.public  # noqa: B018 (refuses what is no name)
        except FileNotFoundError:
            raise WitnessUnusable(f"{path}: there is no key; witness init NAME") from None
        except (ValueError, KeyError, TypeError, NoteInvalid):
            raise WitnessUnusable(f"{path}: is no key of a witness") from None
        return key


class SeenLogs:
    """Of each log the checkpoint that was cosigned last, on the disk before it is cosigned."""

    def __init__(self, directory: Path):
        self._directory = directory / "seen"

    @contextmanager
    def held(self, origin: str) -> Iterator[None]:
        """Let nobody else look at a log and cosign it meanwhile."""
        make_directory(self._directory)
        with lock_of(self._path(origin)):
            yield

    def last(self, origin: str) -> Checkpoint | None:
        """Return the checkpoint that was cosigned last, if any was.

        :raises WitnessUnusable: the file is damaged, or lost: another history would be cosigned
        """
        path = self._path(origin)
        try:
            text = path.read_text(encoding="utf-8").partition("\n\n")[0]
            checkpoint = Checkpoint.parse(f"{text}\n")
        except FileNotFoundError:
            if origin in self._origins():
                raise WitnessUnusable(f"{path}: is lost; {origin} was cosigned before") from None
            return None
        except (NoteInvalid, UnicodeDecodeError):
            raise WitnessUnusable(f"{path}: is no checkpoint") from None
        if checkpoint.origin != origin:
            raise WitnessUnusable(f"{path}: is the checkpoint of another log")
        return checkpoint

    def keep(self, checkpoint: Checkpoint, note: str) -> None:
        """Put a checkpoint in the place of the one before; its log is held.

        :param note: with the signatures of its log, which show who said so
        """
        replace_file(self._path(checkpoint.origin), note.encode())
        # Second: a log that is listed and has no checkpoint is one that was lost.
        origins = self._directory.parent / "origins.json"
        with lock_of(origins):
            known = self._origins()
            if checkpoint.origin not in known:
                replace_file(origins, json.dumps([*known, checkpoint.origin]).encode())

    def _origins(self) -> list[str]:
        """Return every log that was ever cosigned: kept apart from what was seen of them."""
        path = self._directory.parent / "origins.json"
        try:
            return [str(origin) for origin in json.loads(path.read_bytes())]
        except FileNotFoundError:
            return []
        except ValueError:
            raise WitnessUnusable(f"{path}: is no list of logs") from None

    def _path(self, origin: str) -> Path:
        # An origin is anything; its hash is a file name.
        return self._directory / f"{hashlib.sha256(origin.encode()).hexdigest()}.checkpoint"
