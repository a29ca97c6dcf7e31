"""The file of the key ring: strict to read, atomic to change, closed to everybody else."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from consent_server.disk import lock_of, replace_file
from consent_server.errors import ConsentError
from consent_server.ledger.canonical import NotBase64url, base64url_decode, base64url_encode
from consent_server.tokens.keys import (
    SECRET_BYTES,
    Keys,
    KeyState,
    Secret,
    TokenKey,
    kid_of,
    public_half,
)

#: Version of the file format.
FORMAT: Final = 1
#: Far more than centuries of rotations need, far less than what would hurt to read.
LARGEST_FILE: Final = 1_000_000

_KEY_MEMBERS: Final = {"kid", "state", "created", "since", "x", "d"}
_MEMBERS: Final = {"format", "revision", "subject", "tokens"}


class KeyRingUnusable(ConsentError):
    """The key file is missing, readable by others, or not what this program wrote."""

    status = 500
    reason = "key_ring_unusable"

    def __init__(self, path: Path, problem: str):
        super().__init__(f"{path}: {problem}")
        #: What is wrong; never a part of the file.
        self.problem = problem


class Stamp(NamedTuple):
    """What differs between two versions of the file."""

    modified: int
    inode: int
    size: int


class RingFile:
    """``keys/ring.json`` inside the data directory; knows nothing of caches and clocks."""

    def __init__(self, data_directory: Path):
        self.directory = data_directory / "keys"
        self.path = self.directory / "ring.json"

    def create(self, make: Callable[[], Keys]) -> None:
        """Write the first ring, unless there is one; of several processes exactly one writes.

        :raises KeyRingUnusable: the directory cannot be written to
        """
        try:
            if self.path.exists():
                return
            self.directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.directory.mkdir(mode=0o700, exist_ok=True)
            with lock_of(self.path):
                if not self.path.exists():
                    self._write(make(), newer_than=0)
        except OSError as problem:
            raise KeyRingUnusable(self.path, f"cannot be made: {problem.strerror}") from None

    def change(self, make: Callable[[Keys], Keys]) -> None:
        """Replace the ring by what ``make`` returns for the one in force; changes queue up.

        :raises KeyRingUnusable: the ring in force cannot be read
        """
        with lock_of(self.path):
            keys, stamp = self.read()
            self._write(make(keys), newer_than=stamp.modified)

    def stamp(self) -> Stamp:
        """Return what identifies the file's version.

        :raises OSError: there is no file to look at
        """
        return _stamp(os.stat(self.path))

    def read(self) -> tuple[Keys, Stamp]:
        """Return the keys, and the version of the file they came from.

        :raises KeyRingUnusable: missing, open to other users, or not a key ring
        """
        # Raised here, where neither the file's text nor an error that quotes it is within reach of
        # whoever prints the traceback.
        keys, stamp = self._load()
        if keys is None:
            raise KeyRingUnusable(self.path, "is not a key ring; restore it from a backup")
        return keys, stamp

    def _load(self) -> tuple[Keys | None, Stamp]:
        try:
            with open(self.path, "rb") as file:
                about = os.fstat(file.fileno())
                self._refuse_if_open_to_others(self.path, about, "chmod 600, and rotate")
                self._refuse_if_open_to_others(
                    self.directory, os.stat(self.directory), "chmod 700, and rotate"
                )
                return _keys(_document(file.read(LARGEST_FILE))), _stamp(about)
        except OSError as problem:
            raise KeyRingUnusable(self.path, f"cannot be read: {problem.strerror}") from None

    @staticmethod
    def _refuse_if_open_to_others(path: Path, about: os.stat_result, remedy: str) -> None:
        if about.st_mode & 0o077:
            raise KeyRingUnusable(path, f"is open to other users; {remedy}")

    def _write(self, keys: Keys, newer_than: int) -> None:
        """Put the keys in place, on the disk before anyone relies on them."""
        text = json.dumps(_as_document(keys), indent=1)
        replace_file(self.path, text.encode(), newer_than)


def _stamp(about: os.stat_result) -> Stamp:
    return Stamp(about.st_mtime_ns, about.st_ino, about.st_size)


def _as_document(keys: Keys) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "revision": keys.revision,
        "subject": base64url_encode(keys.subject.reveal()),
        "tokens": [_as_member(key) for key in keys.tokens],
    }


def _as_member(key: TokenKey) -> dict[str, str | None]:
    return {
        "kid": key.kid,
        "state": key.state.value,
        "created": key.created.astimezone(UTC).isoformat(),
        "since": key.since.astimezone(UTC).isoformat(),
        "x": base64url_encode(key.public),
        "d": base64url_encode(key.seed.reveal()) if key.seed else None,
    }


def _document(text: bytes) -> Any:
    """Return the JSON value of the file, or None."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _keys(document: Any) -> Keys | None:
    """Return the keys that the file describes, or None when anything about it is wrong."""
    if not isinstance(document, dict) or set(document) != _MEMBERS:
        return None
    revision, tokens = document["revision"], document["tokens"]
    if document["format"] != FORMAT or type(revision) is not int or not isinstance(tokens, list):
        return None
    subject = _thirty_two_bytes(document["subject"])
    pairs = [pair for pair in map(_token_key, tokens) if pair is not None]
    states = [pair.state for pair in pairs]
    one_each = states.count(KeyState.ACTIVE) == 1 == states.count(KeyState.NEXT)
    distinct = len({pair.kid for pair in pairs}) == len(tokens)
    if subject is None or not one_each or not distinct:
        return None
    return Keys(revision, subject, tuple(pairs))


def _token_key(member: Any) -> TokenKey | None:
    """Return one key, or None when its parts do not belong together."""
    if not isinstance(member, dict) or set(member) != _KEY_MEMBERS:
        return None
    public, seed = _thirty_two_bytes(member["x"]), _thirty_two_bytes(member["d"])
    if public is None or member["kid"] != kid_of(public.reveal()):
        return None
    try:
        state = KeyState(member["state"])
        created, since = (_instant(member[name]) for name in ("created", "since"))
    except (ValueError, TypeError):
        return None
    signs = state in (KeyState.ACTIVE, KeyState.NEXT)
    if signs != (seed is not None) or (seed and public_half(seed) != public.reveal()):
        return None
    return TokenKey(member["kid"], state, created, since, public.reveal(), seed)


def _thirty_two_bytes(text: Any) -> Secret | None:
    """Return exactly 32 bytes, or None."""
    if not isinstance(text, str):
        return None
    try:
        value = base64url_decode(text)
    except NotBase64url:
        return None
    return Secret(value) if len(value) == SECRET_BYTES else None


def _instant(text: str) -> datetime:
    """Return an aware instant.

    :raises ValueError: not one, or without its offset
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("no offset")
    return instant
