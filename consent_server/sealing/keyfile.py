"""The keys that sign checkpoints: their own file beside the key ring; one is at work, or two."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_server.columns import rfc3339
from consent_server.disk import lock_of, replace_file
from consent_server.ledger.canonical import NotBase64url, base64url_decode, base64url_encode
from consent_server.sealing.errors import LogKeyUnusable

#: Version of the file format; the first held one key and nothing else.
FORMAT = 2
#: Bytes.
LARGEST_FILE = 50_000_000
#: First line of what two keys sign when one takes over from the other.
HANDOVER = "consent-log-key/v1"
#: Bytes of either half of a key.
HALF = 32
#: Members of a key in the file; those with None may be missing.
MEMBERS = {"x", "d", "since", "handover", "until"}


@dataclass(frozen=True)
class LogKey:
    """One key of the logs."""

    #: 32 bytes, RFC 8032.
    public: bytes
    #: None once it was retired: it verifies what it signed, and signs nothing more.
    private: Ed25519PrivateKey | None
    #: When it was made; None of one that an earlier version made.
    since: datetime | None = None
    #: Signatures by the key before and by this one over :func:`handover_text`.
    handover: tuple[bytes, bytes] | None = None
    #: Of a retired one, site → size of its log then. What it signs beyond that is not ours.
    until: Mapping[str, int] | None = None

    def may_have_signed(self, site_id: str, size: int) -> bool:
        """Whether a checkpoint of this size can be by this key."""
        return self.until is None or size <= self.until.get(site_id, 0)


@dataclass(frozen=True)
class LogKeys:
    """Every key that the logs of this installation ever had, the oldest first."""

    keys: tuple[LogKey, ...]

    @property
    def at_work(self) -> tuple[Ed25519PrivateKey, ...]:
        """The keys that sign, the newest first; the others of them are leaving."""
        return tuple(key.private for key in reversed(self.keys) if key.private is not None)

    @property
    def publics(self) -> tuple[bytes, ...]:
        """The public halves of all, the oldest first."""
        return tuple(key.public for key in self.keys)

    def rotated(self, now: datetime) -> "LogKeys":
        """Return the keys with a new one, to which the newest hands over; both sign from now on."""
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        text = handover_text(self.keys[-1].public, public).encode()
        handover = self.at_work[0].sign(text), private.sign(text)
        return LogKeys((*self.keys, LogKey(public, private, now, handover)))

    def retired(self, sizes: Mapping[str, int]) -> "LogKeys":
        """Return the keys with the newest alone at work; the private halves of the others go.

        :param sizes: site → size of its log now
        """
        *before, newest = self.keys
        gone = [
            key if key.private is None else replace(key, private=None, until=dict(sizes))
            for key in before
        ]
        return LogKeys((*gone, newest))


def handover_text(before: bytes, after: bytes) -> str:
    """Return what two keys sign when the second takes over, of whatever log."""
    return f"{HANDOVER}\n{base64url_encode(before)}\n{base64url_encode(after)}\n"


class LogKeyFile:
    """``keys/log.json`` inside the data directory."""

    def __init__(self, data_directory: Path):
        self.path = data_directory / "keys" / "log.json"

    def read(self, *, may_create: bool) -> LogKeys:
        """Return the keys; of several processes that find none, one makes the first.

        :param may_create: whether nothing was signed yet, so that a new key replaces none
        :raises LogKeyUnusable: missing, open to other users, or not such a file
        """
        if may_create and not self.path.exists():
            self._create()
        try:
            with self.path.open("rb") as file:
                if self.path.stat().st_mode & 0o077:
                    raise LogKeyUnusable(f"{self.path}: is open to other users; chmod 600")
                keys = _keys(file.read(LARGEST_FILE))
        except OSError as problem:
            raise LogKeyUnusable(f"{self.path}: cannot be read: {problem.strerror}") from None
        if keys is None:
            raise LogKeyUnusable(f"{self.path}: is no key of a log; restore it from a backup")
        return keys

    def change(self, change: Callable[[LogKeys], LogKeys]) -> LogKeys:
        """Put what a change makes of the keys in their place, on the disk before this returns.

        :raises LogKeyUnusable: see :meth:`read`
        """
        self.read(may_create=False)  # before a lock is made beside a file that is not there
        with lock_of(self.path):
            keys = change(self.read(may_create=False))
            replace_file(self.path, _document(keys))
        return keys

    def _create(self) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with lock_of(self.path):
                if not self.path.exists():
                    private = Ed25519PrivateKey.generate()
                    first = LogKey(private.public_key().public_bytes_raw(), private)
                    replace_file(self.path, _document(LogKeys((first,))))
        except OSError as problem:
            raise LogKeyUnusable(f"{self.path}: cannot be made: {problem.strerror}") from None


def _document(keys: LogKeys) -> bytes:
    members = [_members(key) for key in keys.keys]
    return json.dumps({"format": FORMAT, "keys": members}, indent=1).encode()


def _members(key: LogKey) -> dict[str, Any]:
    found: dict[str, Any] = {"x": base64url_encode(key.public)}
    if key.private is not None:
        found["d"] = base64url_encode(key.private.private_bytes_raw())
    if key.since is not None:
        found["since"] = rfc3339(key.since)
    if key.until is not None:
        found["until"] = dict(key.until)
    if key.handover is not None:
        found["handover"] = [base64url_encode(signature) for signature in key.handover]
    return found


def _keys(text: bytes) -> LogKeys | None:
    """Return what a file holds, or None when anything about it is wrong."""
    try:
        found: Any = json.loads(text)
        if found["format"] == 1:  # one key, its members beside the format
            found = {"format": FORMAT, "keys": [{"x": found["x"], "d": found["d"]}]}
        if set(found) != {"format", "keys"} or found["format"] != FORMAT:
            return None
        keys = LogKeys(tuple(map(_key, found["keys"])))
    except (ValueError, TypeError, KeyError, RecursionError, NotBase64url):
        return None
    is_whole = keys.keys and keys.keys[-1].private is not None
    return keys if is_whole and len(set(keys.publics)) == len(keys.keys) else None


def _key(members: dict[str, Any]) -> LogKey:
    """Return one key of a file; any exception says that it is none."""
    public = base64url_decode(members["x"])
    private = None
    if "d" in members:
        private = Ed25519PrivateKey.from_private_bytes(base64url_decode(members["d"]))
    is_pair = private is None or private.public_key().public_bytes_raw() == public
    until: dict[str, int] | None = members.get("until")
    is_pair &= (until is None) == (private is not None)
    if until is not None:
        is_pair &= all(type(size) is int for size in until.values())
    if not is_pair or len(public) != HALF or not set(members) <= MEMBERS:
        raise ValueError("no key of a log")
    since = datetime.fromisoformat(members["since"]) if "since" in members else None
    handover = None
    if "handover" in members:
        before, after = map(base64url_decode, members["handover"])
        handover = before, after
    return LogKey(public, private, since, handover, until)
