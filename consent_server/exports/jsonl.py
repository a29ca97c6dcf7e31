"""JSON Lines: one record a line, every field in its own type."""

from collections.abc import Iterator

import orjson

from consent_server.exports.service import Selection, counts, records


def write(selection: Selection) -> Iterator[bytes]:
    """Yield one line a record, or one line a count."""
    rows = counts(selection) if selection.level == "counts" else records(selection)
    for row in rows:
        yield orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
