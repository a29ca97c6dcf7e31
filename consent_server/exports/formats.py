"""The list of export formats; each turns records into the bytes of a file."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from consent_server.exports import csv, jsonl, jsonld
from consent_server.exports.lines import Bundles, Line


class Writer(Protocol):
    """Writes one export; every method returns bytes of the file, in this order."""

    #: What stands before the leaf index in the line of a record.
    index_prefix: bytes

    def begin(self) -> bytes:
        """Return what comes before the first record."""

    def resume(self, count: int) -> None:
        """Go on after that many records, which are written already."""

    def records(self, page: Iterable[Line]) -> bytes:
        """Return the lines of records."""

    def counts(self, rows: Iterable[dict[str, Any]]) -> bytes:
        """Return the lines of counts."""

    def begin_log(self) -> bytes:
        """Return what comes between the records and the trailer."""

    def log(self, items: Iterable[dict[str, Any]]) -> bytes:
        """Return the lines of the trailer."""

    def end_log(self) -> bytes:
        """Return the last bytes that the manifest's hash covers."""

    def manifest(self, signed: dict[str, Any]) -> bytes:
        """Return the end of the file."""

    def broken(self, problem: dict[str, Any]) -> bytes:
        """Return the end of a file that cannot be made, which says why instead."""


@dataclass(frozen=True)
class Format:
    """One export format."""

    media_type: str
    #: From level, bundles, and the ids of all categories.
    writer: Callable[[str, Bundles, Sequence[str]], Writer]
    #: Records read and written at a time: a MB or two of the file.
    page: int


FORMATS = {
    "csv": Format(csv.MEDIA_TYPE, csv.Writer, 2_000),
    "jsonl": Format(jsonl.MEDIA_TYPE, jsonl.Writer, 2_000),
    "jsonld": Format(jsonld.MEDIA_TYPE, jsonld.Writer, 200),
}
