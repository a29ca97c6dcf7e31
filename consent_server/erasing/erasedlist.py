"""What was erased, remembered outside the database: a restored copy of it is erased again.

One file in the data directory, a line for each erasure, on the disk before the erasure is
committed. It holds keyed digests: whoever reads it learns how many were erased, and not whom.
"""

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from consent_server.disk import lock_of, make_directory, replace_file
from consent_server.errors import ConsentError
from consent_server.ledger.entries import REASONS, Reason
from consent_server.tokens.keyring import KeyRing

#: Inside the data directory.
FOLDER, FILE = "erased", "list.jsonl"
#: Bytes at the end of the file in which its last line is looked for first.
TAIL = 8_192
#: What reading a line of something else ends with.
MALFORMED = (ValueError, KeyError, TypeError, AttributeError)


class ErasedListUnusable(ConsentError):
    """The list of what was erased is damaged; without it a restored copy would bring it back."""

    status = 500
    reason = "erased_list_unusable"

    def __init__(self, number: int):
        super().__init__(f"{FOLDER}/{FILE}: line {number} cannot be read; restore it from a backup")


@dataclass(frozen=True)
class Line:
    """One erasure."""

    site_id: str
    reason: Reason
    day: date
    #: Digests of record ids.
    records: tuple[str, ...]
    #: Digest of a subject → the highest counter among its erased decisions.
    subjects: Mapping[str, int]


@dataclass(frozen=True)
class Numbers:
    """Which erasures a list has."""

    #: Of the list; None where there is none yet.
    list_id: str | None
    #: The highest that was dropped on purpose; of those up to it any may be gone.
    dropped: int
    here: frozenset[int]

    def missing(self, up_to: int) -> int:
        """Return how many are gone, though nobody dropped them.

        They are given without a gap, each before the database is told of it.

        :param up_to: the last that the database was told of
        """
        expected = range(self.dropped + 1, max({up_to, *self.here}) + 1)
        return len(expected) - sum(number in expected for number in self.here)


class ErasedList:
    """The list of one data directory; touches no file before it is asked to."""

    def __init__(self, data_directory: Path, ring: KeyRing):
        """:param ring: makes the digests"""
        self._path = data_directory / FOLDER / FILE
        self._ring = ring

    def digest(self, site_id: str, text: str) -> str:
        """Return what a record id or subject is remembered by."""
        return self._ring.erasure_digest(site_id, text)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other process and thread from the list; whoever holds it opens no second."""
        make_directory(self._path.parent)
        with lock_of(self._path):
            if not self._path.exists():
                head = {"list": secrets.token_urlsafe(16), "dropped": 0}
                replace_file(self._path, _text(head))
            yield

    def position(self) -> tuple[str, int]:
        """Return the name of the list and the number of its last line; the caller holds it.

        Reads two lines, however many there are.

        :raises ErasedListUnusable: it is damaged
        """
        with self._path.open("rb") as file:
            head = file.readline()
            last = _last_line(file)[0]
        try:
            first, found = json.loads(head), json.loads(last)
            _check(first, is_head=True)
            _check(found, is_head=last == head)
            name: str = first["list"]
            number: int = found["dropped" if last == head else "number"]
        except MALFORMED:
            self._read()  # says which line
            raise ErasedListUnusable(1) from None
        return name, number

    def lines(self, after: int) -> list[Line]:
        """Return the erasures after a number, in their order; the caller holds the list.

        :raises ErasedListUnusable: it is damaged
        """
        _, lines = self._read()
        return [_line(found) for found in lines if found["number"] > after]

    def look(self) -> int:
        """Read every line, hold and make nothing; return how many erasures there are.

        :raises ErasedListUnusable: it is damaged
        """
        return len(self._read()[1]) if self._path.exists() else 0

    def numbers(self) -> Numbers:
        """Read every line, hold and make nothing; return which erasures there are.

        :raises ErasedListUnusable: it is damaged
        """
        if not self._path.exists():
            return Numbers(None, 0, frozenset())
        head, lines = self._read()
        here = frozenset(found["number"] for found in lines)
        return Numbers(head["list"], head["dropped"], here)

    def append(self, number: int, line: Line) -> None:
        """Put an erasure on the disk before this returns; the caller holds the list.

        :param number: higher than that of every line
        """
        found = {
            "number": number,
            "site": line.site_id,
            "reason": line.reason,
            "day": line.day.isoformat(),
            "records": list(line.records),
            "subjects": dict(line.subjects),
        }
        with self._path.open("r+b") as file:
            file.seek(_last_line(file)[1])
            file.truncate()  # what a process began that died right here was never committed
            file.write(_text(found))
            file.flush()
            os.fsync(file.fileno())

    def drop_before(self, day: date) -> int:
        """Forget the erasures before a day, which no copy is older than; return how many."""
        with self.held():
            return self._keep(lambda found: found["day"] >= day.isoformat())

    def _keep(self, is_kept: Callable[[dict[str, Any]], bool]) -> int:
        head, lines = self._read()
        left = [found for found in lines if is_kept(found)]
        dropped = [found["number"] for found in lines if not is_kept(found)]
        if dropped:
            head["dropped"] = max(head["dropped"], *dropped)
            replace_file(self._path, b"".join(map(_text, [head, *left])))
        return len(dropped)

    def _read(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        data = self._path.read_bytes()
        found = []
        for at, text in enumerate(data[: _end_of_lines(data)].splitlines()):
            try:
                found.append(json.loads(text))
                _check(found[-1], is_head=not at)
            except MALFORMED:
                raise ErasedListUnusable(at + 1) from None
        if not found:
            raise ErasedListUnusable(1)
        return found[0], found[1:]


def _last_line(file: BinaryIO) -> tuple[bytes, int]:
    """Return the last whole line and where it ends; what follows was cut off by a crash."""
    size = file.seek(0, os.SEEK_END)
    length = TAIL
    while True:
        begin = max(0, size - length)
        file.seek(begin)
        data = file.read(size - begin)
        end = _end_of_lines(data)
        start = data.rfind(b"\n", 0, max(end - 1, 0)) + 1
        if end and (start or not begin):
            return data[start:end], begin + end
        if not begin:
            return b"", 0
        length *= 8


def _end_of_lines(data: bytes) -> int:
    return data.rfind(b"\n") + 1


def _text(found: Mapping[str, Any]) -> bytes:
    return json.dumps(found, separators=(",", ":")).encode() + b"\n"


def _check(found: dict[str, Any], *, is_head: bool) -> None:
    """Refuse what none of ours wrote: a member that is missing, or is something else.

    :raises ValueError: or another of :data:`MALFORMED`: it is not a line
    """
    if is_head:
        texts, numbers = [found["list"]], [found["dropped"]]
    else:
        line = _line(found)
        texts = [line.site_id, *line.records, *line.subjects]
        numbers = [found["number"], *line.subjects.values()]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a name or digest is text")
    if not all(isinstance(number, int) for number in numbers):
        raise TypeError("a counter counts")


def _line(found: Mapping[str, Any]) -> Line:
    reason = next((known for known in REASONS if known == found["reason"]), None)
    if reason is None:
        raise ValueError("a reason of another version")
    return Line(
        found["site"],
        reason,
        date.fromisoformat(found["day"]),
        tuple(found["records"]),
        found["subjects"],
    )
