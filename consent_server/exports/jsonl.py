"""JSON Lines: one record a line, every member in its own type, its openings beside it."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from consent_server.errors import ConsentError
from consent_server.exports.lines import Bundles, Line

MEDIA_TYPE = "application/x-ndjson"


class NotAnExport(ConsentError):
    """The file is no export in JSON Lines, or not the one that its manifest was signed over."""

    status = 422
    reason = "not_an_export"


class Writer:
    """Writes one export; every method returns bytes of the file, in this order."""

    #: What stands before the leaf index in the line of a record.
    index_prefix = b'{"log_index":'

    def __init__(self, level: str, bundles: Bundles, categories: Sequence[str]):
        """:param categories: ids of all that any record of the export can hold"""

    def begin(self) -> bytes:
        """Return what comes before the first record."""
        return b""

    def resume(self, count: int) -> None:
        """Go on after that many records, which are written already."""

    def records(self, page: Iterable[Line]) -> bytes:
        """Return the lines of records."""
        append = orjson.OPT_APPEND_NEWLINE
        return b"".join(orjson.dumps(line, option=append) for line in page)

    def counts(self, rows: Iterable[dict[str, Any]]) -> bytes:
        """Return the lines of counts."""
        return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)

    def begin_log(self) -> bytes:
        """Return what comes between the records and the trailer."""
        return b""

    def log(self, items: Iterable[dict[str, Any]]) -> bytes:
        """Return the lines of the trailer."""
        append = orjson.OPT_APPEND_NEWLINE
        return b"".join(orjson.dumps({"log": item}, option=append) for item in items)

    def end_log(self) -> bytes:
        """Return the last bytes that the manifest's hash covers."""
        return b""

    def manifest(self, signed: dict[str, Any]) -> bytes:
        """Return the end of the file."""
        return orjson.dumps(signed, option=orjson.OPT_APPEND_NEWLINE)

    def broken(self, problem: dict[str, Any]) -> bytes:
        """Return the end of a file that cannot be made, which says why instead."""
        return orjson.dumps({"problem": problem}, option=orjson.OPT_APPEND_NEWLINE)
