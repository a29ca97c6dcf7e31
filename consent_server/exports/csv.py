"""CSV (RFC 4180): one record a row, three columns for each category the site ever asked about."""

import csv
import io
from collections.abc import Iterator
from typing import Any

from consent_server.exports.service import Selection, category_ids, counts, records

COLUMNS = (
    "site",
    "record_id",
    "previous",
    "event",
    "action",
    "method",
    "recorded_at",
    "expires_at",
    "bundle",
    "revision",
    "build",
    "language",
    "policy_version",
    "profile",
    "gpc",
    "trusted",
    "superseded",
)
SUBJECT_COLUMNS = ("subject", "n")
COUNT_COLUMNS = ("day", "event", "superseded", "count")
CHOICE_COLUMNS = ("granted", "decided_at", "expires_at")
#: A spreadsheet takes a cell that starts so for a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\x00", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write(selection: Selection) -> Iterator[bytes]:
    """Yield the header row, then one row a record, or one row a count."""
    if selection.level == "counts":
        yield _line(COUNT_COLUMNS)
        for row in counts(selection):
            yield _line([row[name] for name in COUNT_COLUMNS])
        return
    columns = COLUMNS + (SUBJECT_COLUMNS if selection.level == "subjects" else ())
    rows = records(selection)
    categories = category_ids(selection.site_id)
    choice_columns = [f"category.{id_}.{name}" for id_ in categories for name in CHOICE_COLUMNS]
    yield _line([*columns, *choice_columns, "services"])
    for row in rows:
        cells = [row[name] for name in columns]
        for id_ in categories:
            choice = row["categories"].get(id_, {})
            cells += [choice.get(name) for name in CHOICE_COLUMNS]
        yield _line([*cells, _services(row["services"])])


def _services(services: dict[str, dict[str, Any]]) -> str:
    """Write the services asked one by one in a single cell: ``matomo=true youtube=false``."""
    pairs = (f"{id_}={_cell(choice['granted'])}" for id_, choice in services.items())
    return " ".join(pairs)


def _line(cells: Any) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([_cell(value) for value in cells])
    return buffer.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
