"""JSON-LD: each record as ISO/IEC TS 27560 has it by the Data Privacy Vocabulary, a node a line.

Each node holds the record as exported, as a JSON literal: the log committed to that, and the rest
of the node is its translation.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from consent_server.exports.lines import Bundles, Line, openings_of
from consent_server.vocabulary import dpv

MEDIA_TYPE = "application/ld+json"


class Writer:
    """Writes one export; every method returns bytes of the file, in this order."""

    index_prefix = b'{"consent:openings":{"log_index":'

    def __init__(self, level: str, bundles: Bundles, categories: Sequence[str]):
        self._bundles = bundles
        self._openings = ("log_index", *openings_of(level))
        self._before = b"\n"

    def begin(self) -> bytes:
        """Return the context and the beginning of the graph."""
        return b'{"@context":' + orjson.dumps(dpv.CONTEXT) + b',\n"@graph":['

    def resume(self, count: int) -> None:
        """Go on after that many records, which are written already."""
        self._before = b",\n" if count else b"\n"

    def records(self, page: Iterable[Line]) -> bytes:
        """Return the nodes of records, a line each."""
        return self._listed(self._node(line) for line in page)

    def counts(self, rows: Iterable[dict[str, Any]]) -> bytes:
        """Return the nodes of counts, a line each."""
        named = ({f"consent:{name}": value for name, value in row.items()} for row in rows)
        return self._listed(named)

    def begin_log(self) -> bytes:
        """Return what comes between the records and the trailer."""
        self._before = b"\n"
        return b'\n],\n"consent:log":['

    def log(self, items: Iterable[dict[str, Any]]) -> bytes:
        """Return the lines of the trailer."""
        return self._listed(items)

    def end_log(self) -> bytes:
        """Return the last bytes that the manifest's hash covers."""
        return b"\n],\n"

    def manifest(self, signed: dict[str, Any]) -> bytes:
        """Return the end of the file."""
        return b'"consent:manifest":' + orjson.dumps(signed) + b"}\n"

    def broken(self, problem: dict[str, Any]) -> bytes:
        """Return the end of a file that cannot be made, which says why instead.

        Pages are written whole, so a list is open, of records or of the trailer.
        """
        return b'\n],\n"consent:problem":' + orjson.dumps(problem) + b"}\n"

    def _node(self, line: Line) -> dict[str, Any]:
        openings = {name: line.pop(name) for name in self._openings}
        return {
            "consent:openings": openings,
            "consent:record": line,
            **dpv.node(line, self._bundles[line["bundle"]]),
        }

    def _listed(self, items: Iterable[dict[str, Any]]) -> bytes:
        found = [orjson.dumps(item) for item in items]
        if not found:
            return b""
        before, self._before = self._before, b",\n"
        return before + b",\n".join(found)
