"""The list of export formats; each turns the records of a selection into pieces of a file."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from consent_server.exports import csv, jsonl
from consent_server.exports.service import Selection

#: Bytes of one piece; a piece a line would cost three times as much.
PIECE = 64 * 1024


@dataclass(frozen=True)
class Format:
    """One export format."""

    media_type: str
    write: Callable[[Selection], Iterator[bytes]]


FORMATS = {
    "csv": Format("text/csv; charset=utf-8", csv.write),
    "jsonl": Format("application/x-ndjson", jsonl.write),
}


def pieces(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join lines into pieces of about 64 KiB."""
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        waiting.append(line)
        size += len(line)
        if size >= PIECE:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)
