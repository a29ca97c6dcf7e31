"""CSV (RFC 4180): one record a row, each value a cell of ``vocabulary.spreadsheet``."""

import csv
import io
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import Any

import orjson

from consent_server.exports.lines import Bundles, Line, openings_of
from consent_server.ledger.record import PLAIN, SUBJECT
from consent_server.vocabulary.spreadsheet import cells

MEDIA_TYPE = "text/csv; charset=utf-8"
COUNT_COLUMNS = ("day", "event", "superseded", "count")
CHOICE_COLUMNS = ("granted", "decided_at", "expires_at", "revision", "ended")


class CategoryUnknown(LookupError):
    """A record holds a category that no bundle in the log asks about: it was not recorded so."""


class Writer:
    """Writes one export; every method returns bytes of the file, in this order."""

    index_prefix = b""

    def __init__(self, level: str, bundles: Bundles, categories: Sequence[str]):
        """:param categories: ids of all that any record of the export can hold"""
        has_subject = level == "subjects"
        self._columns = (*PLAIN, *SUBJECT) if has_subject else PLAIN
        self._choice = (*CHOICE_COLUMNS, "n") if has_subject else CHOICE_COLUMNS
        self._openings = openings_of(level)
        self._categories = categories
        self._no_choice = (None,) * len(self._choice)
        self._of_record = itemgetter("log_index", *self._columns)
        self._of_choice = itemgetter(*self._choice)
        self._of_openings = itemgetter(*self._openings)
        self._header = COUNT_COLUMNS if level == "counts" else self._record_header()

    def begin(self) -> bytes:
        """Return the header row."""
        return _rows([self._header])

    def resume(self, count: int) -> None:
        """Go on after that many records, which are written already."""

    def records(self, page: Iterable[Line]) -> bytes:
        """Return the rows of records."""
        return _rows(map(self._cells, page))

    def counts(self, rows: Iterable[dict[str, Any]]) -> bytes:
        """Return the rows of counts."""
        return _rows(cells(row[name] for name in COUNT_COLUMNS) for row in rows)

    def begin_log(self) -> bytes:
        """Return what comes between the records and the trailer."""
        return b""

    def log(self, items: Iterable[dict[str, Any]]) -> bytes:
        """Return the rows of the trailer."""
        return _rows(self._wide("#log", item) for item in items)

    def end_log(self) -> bytes:
        """Return the last bytes that the manifest's hash covers."""
        return b""

    def manifest(self, signed: dict[str, Any]) -> bytes:
        """Return the last row."""
        return _rows([self._wide("#manifest", signed)])

    def broken(self, problem: dict[str, Any]) -> bytes:
        """Return the end of a file that cannot be made, which says why instead."""
        return _rows([self._wide("#problem", problem)])

    def _record_header(self) -> Sequence[str]:
        choices = [f"category.{id_}.{name}" for id_ in self._categories for name in self._choice]
        return ["log_index", *self._columns, *choices, "services", *self._openings]

    def _cells(self, line: Line) -> list[str]:
        categories, services = line["categories"], line["services"]
        values = [*self._of_record(line)]
        seen = 0
        for id_ in self._categories:
            choice = categories.get(id_)
            if choice is None:
                values += self._no_choice
            else:
                seen += 1
                values += self._of_choice(choice)
        if seen != len(categories):
            raise CategoryUnknown(line["record_id"])
        values.append(orjson.dumps(services).decode() if services else "{}")
        values += self._of_openings(line)
        return cells(values)

    def _wide(self, mark: str, value: dict[str, Any]) -> list[str]:
        text = orjson.dumps(value).decode()
        return [mark, text, *[""] * (len(self._header) - 2)]


def _rows(rows: Iterable[Sequence[str]]) -> bytes:
    return "".join(map(_row, rows)).encode()


def _row(texts: Sequence[str]) -> str:
    """Return a row; nearly none has anything to quote, and then it takes a quarter of the time."""
    row = ",".join(texts)
    is_plain = row.count(",") == len(texts) - 1 and not any(mark in row for mark in '"\r\n')
    if is_plain:
        return f"{row}\r\n"
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(texts)
    return buffer.getvalue()
