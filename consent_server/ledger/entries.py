"""The three kinds of entries of a log. What a person decided is in none of them."""

import json
from dataclasses import dataclass
from typing import Any, Literal, get_args

from consent_server.errors import ConsentError
from consent_server.ledger.canonical import (
    NotCanonical,
    base64url_decode,
    base64url_encode,
    canonical,
)
from consent_server.ledger.tiles import LARGEST_ENTRY

#: What of a record a tombstone says was erased.
PARTS = ("d", "s")
Reason = Literal["art17", "retention", "contract-end"]
REASONS: tuple[Reason, ...] = get_args(Reason)
#: Erased by nobody: gone with a database that was lost. Artifacts are named by it as well.
LOST: Literal["lost"] = "lost"
Cause = Reason | Literal["lost"]
KINDS = ("config", "ui", "shot", "key", "trail")
#: So that the entry stays below the 65,535 bytes that a log entry can have.
MOST_INDEXES = 4_000


class EntryInvalid(ConsentError):
    """The bytes are no entry of this log's format."""

    status = 422
    reason = "entry_invalid"


@dataclass(frozen=True)
class Event:
    """One consent event, as two keyed commitments: no time, no id, nothing that was decided."""

    #: 32 bytes each, :func:`consent_server.ledger.merkle.commit`.
    decision: bytes
    subject: bytes

    def fields(self) -> dict[str, Any]:
        """Return the members of the entry."""
        return {
            "t": "ev",
            "d": base64url_encode(self.decision),
            "s": base64url_encode(self.subject),
        }


@dataclass(frozen=True)
class Artifact:
    """Something published, in clear: a bundle, a widget build, a key. Holds no personal data."""

    kind: Literal["config", "ui", "shot", "key", "trail"]
    name: str
    #: SHA-256, base64url.
    digest: str
    #: That of the one it replaces.
    previous: str | None = None

    def fields(self) -> dict[str, Any]:
        """Return the members of the entry."""
        replaces = {} if self.previous is None else {"p": self.previous}
        return {"t": "ar", "k": self.kind, "n": self.name, "h": self.digest, **replaces}


@dataclass(frozen=True)
class Tombstone:
    """Says what of which entries is gone, and why; no date."""

    #: Sorted, without doubles, at most 4,000.
    indexes: tuple[int, ...]
    #: ``d`` the decision, ``s`` the subject.
    parts: tuple[str, ...]
    reason: Cause

    def fields(self) -> dict[str, Any]:
        """Return the members of the entry."""
        return {"t": "er", "i": list(self.indexes), "p": list(self.parts), "r": self.reason}


Entry = Event | Artifact | Tombstone


def encode(entry: Entry) -> bytes:
    """Return the bytes that are hashed into the log: RFC 8785 JSON, at most 65,535 bytes.

    :raises EntryInvalid: outside the format
    """
    if isinstance(entry, Event) and len(entry.decision) == len(entry.subject) == 32:
        return event_entry(entry.decision, entry.subject)
    data = canonical({"v": 1, **entry.fields()})
    if len(data) > LARGEST_ENTRY or decode(data) != entry:
        raise EntryInvalid("the entry is too long, or does not read back as itself")
    return data


def event_entry(decision: bytes, subject: bytes) -> bytes:
    """Return the entry of an event: nearly every entry is one, and can be nothing else than this.

    :param decision: 32 bytes, as ``subject``
    """
    d, s = base64url_encode(decision), base64url_encode(subject)
    return f'{{"d":"{d}","s":"{s}","t":"ev","v":1}}'.encode()


def decode(data: bytes) -> Entry:
    """Return what an entry says.

    :raises EntryInvalid: not exactly the bytes of an entry of this format
    """
    try:
        found = json.loads(data)
        if canonical(found) != data:
            raise EntryInvalid("not in canonical form")
        entry = _entry(found)
    except (ValueError, TypeError, KeyError, AttributeError, NotCanonical, RecursionError):
        raise EntryInvalid("not an entry of this format") from None
    except ConsentError as refusal:
        raise EntryInvalid(str(refusal)) from None
    if {"v": 1, **entry.fields()} != found:
        raise EntryInvalid("members that the format does not know")
    return entry


def _entry(found: dict[str, Any]) -> Entry:
    kind = found["t"]
    if kind == "ev":
        return Event(_hash(found["d"]), _hash(found["s"]))
    if kind == "ar":
        _hash(found["h"])
        if "p" in found:
            _hash(found["p"])
        if found["k"] not in KINDS or not isinstance(found["n"], str):
            raise EntryInvalid("no such artifact")
        return Artifact(found["k"], found["n"], found["h"], found.get("p"))
    if kind == "er":
        return _tombstone(found)
    raise EntryInvalid("no such kind of entry")


def _tombstone(found: dict[str, Any]) -> Tombstone:
    indexes = tuple(found["i"])
    parts = tuple(found["p"])
    is_ordered = all(type(index) is int and index >= 0 for index in indexes) and indexes == tuple(
        sorted(set(indexes))
    )
    if not is_ordered or not 0 < len(indexes) <= MOST_INDEXES:
        raise EntryInvalid(f"a tombstone has 1 to {MOST_INDEXES} indexes, sorted")
    if not parts or parts != tuple(part for part in PARTS if part in parts):
        raise EntryInvalid("a tombstone names d, s or both")
    if found["r"] not in (*REASONS, LOST):
        raise EntryInvalid("no such reason")
    return Tombstone(indexes, parts, found["r"])


def _hash(text: str) -> bytes:
    data = base64url_decode(text)
    if len(data) != 32:
        raise EntryInvalid("a hash has 32 bytes")
    return data
