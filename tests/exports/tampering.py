"""Single changes that somebody who has an export, and no key, could make to it."""

import base64
import csv
import hashlib
import io
import json
import random
from dataclasses import dataclass
from typing import Any

MARKS = {
    "jsonl": (b'{"log":', b'{"manifest":'),
    "csv": (b"#log,", b"#manifest,"),
    "jsonld": (b'"consent:log":[', b'"consent:manifest":'),
}


@dataclass(frozen=True)
class Parts:
    """The lines of an export: what comes first, records, trailer, manifest."""

    form: str
    head: list[bytes]
    rows: list[bytes]
    trailer: list[bytes]
    closing: bytes

    def joined(self) -> bytes:
        """The file."""
        return b"".join([*self.head, *self.rows, *self.trailer, self.closing])


def parts_of(data: bytes, form: str) -> Parts:
    """Take an export apart."""
    lines = data.splitlines(keepends=True)
    first = {"jsonl": 0, "csv": 1, "jsonld": 2}[form]
    log, closing = MARKS[form]
    end = next((at for at, line in enumerate(lines) if line.startswith(log)), len(lines) - 1)
    end -= form == "jsonld"  # the bracket that ends the graph
    assert lines[-1].startswith(closing)
    return Parts(form, lines[:first], lines[first:end], lines[end:-1], lines[-1])


def tamperings(form: str, level: str) -> list[Any]:
    """Every kind of change there is for this kind of export."""
    kinds = [edited, removed, added, swapped, flipped, manifest_changed]
    return kinds if level == "counts" else [*kinds, trailer_changed]


def edited(parts: Parts, chance: random.Random) -> tuple[bytes, int]:
    """Change one value of one row."""
    at = chance.randrange(len(parts.rows))
    line = parts.rows[at]
    if parts.form == "csv":
        cells = next(csv.reader([line.decode()]))
        place = chance.randrange(len(cells))
        cells[place] = changed_cell(cells[place], chance)
        return replaced(parts, at, csv_row(cells))
    end = line[len(line.rstrip(b",\n")) :]
    value = json.loads(line.rstrip(b",\n"))
    within = value
    if parts.form == "jsonld" and "consent:record" in value:
        within = value[chance.choice(["consent:record", "consent:openings"])]
    change_within(within, chance)
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return replaced(parts, at, text.encode() + end)


def changed_cell(cell: str, chance: random.Random) -> str:
    """Return another cell of the same kind where that is possible."""
    others = {"true": "false", "false": "true", "": "x", "{}": '{"stats":{"granted":true}}'}
    if cell in others:
        return others[cell]
    if cell.isdigit():
        return str(int(cell) + 1)
    at = chance.randrange(len(cell))
    return cell[:at] + chance.choice("abcdefXYZ012".replace(cell[at], "")) + cell[at + 1 :]


def change_within(value: Any, chance: random.Random) -> None:
    """Change one leaf of a JSON object, or take a member out, or put one in."""
    while True:
        name = chance.choice(sorted(value))
        if not isinstance(value[name], dict) or not value[name]:
            break
        value = value[name]
    how = chance.randrange(10)
    if how == 0:
        del value[name]
    elif how == 1:
        value[f"{name}x"] = value[name]
    elif isinstance(value[name], bool):
        value[name] = not value[name]
    elif isinstance(value[name], int):
        value[name] += chance.choice([-1, 1, 1000])
    elif isinstance(value[name], str) and value[name]:
        value[name] = changed_cell(value[name], chance)
    else:
        value[name] = "x"


def removed(parts: Parts, chance: random.Random) -> tuple[bytes, int]:
    """Take one row out."""
    at = chance.randrange(len(parts.rows))
    rows = [*parts.rows[:at], *parts.rows[at + 1 :]]
    return with_rows(parts, rows), at


def added(parts: Parts, chance: random.Random) -> tuple[bytes, int]:
    """Put a copy of one row in somewhere."""
    at = chance.randrange(len(parts.rows) + 1)
    rows = list(parts.rows)
    rows.insert(at, chance.choice(rows))
    return with_rows(parts, rows), at


def swapped(parts: Parts, chance: random.Random) -> tuple[bytes, int]:
    """Let two rows change places."""
    one, other = sorted(chance.sample(range(len(parts.rows)), 2))
    rows = list(parts.rows)
    rows[one], rows[other] = rows[other], rows[one]
    return with_rows(parts, rows), one


def flipped(parts: Parts, chance: random.Random) -> tuple[bytes, int]:
    """Flip one bit anywhere."""
    data = bytearray(parts.joined())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data), -1


def manifest_changed(parts: Parts, chance: random.Random) -> tuple[bytes, int]:
    """Change one member of the manifest, or of its signature."""
    closing = closing_of(parts)
    change_within(chance.choice([closing, closing["manifest"]]), chance)
    return parts_with(parts, closing), -1


def trailer_changed(parts: Parts, chance: random.Random) -> tuple[bytes, int]:
    """Take a line out of the trailer, double one, or change one."""
    trailer = list(parts.trailer)
    held = [at for at, line in enumerate(trailer) if b'"tile' in line or b'"entry' in line]
    at = chance.choice(held)
    how = chance.randrange(3)
    if how == 0:
        del trailer[at]
    elif how == 1:
        trailer.insert(at, trailer[at])
    else:
        line = bytearray(trailer[at])
        place = chance.randrange(len(line) // 3, 2 * len(line) // 3)
        line[place] = ord(chance.choice("abcXYZ0".replace(chr(line[place]), "")))
        trailer[at] = bytes(line)
    return Parts(parts.form, parts.head, parts.rows, trailer, parts.closing).joined(), -1


def replaced(parts: Parts, at: int, line: bytes) -> tuple[bytes, int]:
    rows = [*parts.rows[:at], line, *parts.rows[at + 1 :]]
    return with_rows(parts, rows), at


def with_rows(parts: Parts, rows: list[bytes]) -> bytes:
    """The file with other rows; in JSON-LD no comma follows the last."""
    if parts.form == "jsonld":
        ends = [b",\n"] * (len(rows) - 1) + [b"\n"]
        rows = [row.rstrip(b",\n") + end for row, end in zip(rows, ends, strict=True)]
    return Parts(parts.form, parts.head, rows, parts.trailer, parts.closing).joined()


def closing_of(parts: Parts) -> Any:
    """Manifest and signature."""
    if parts.form == "csv":
        return json.loads(next(csv.reader([parts.closing.decode()]))[1])
    if parts.form == "jsonld":
        return json.loads(parts.closing.removeprefix(b'"consent:manifest":').removesuffix(b"}\n"))
    return json.loads(parts.closing)


def parts_with(parts: Parts, closing: Any) -> bytes:
    """The file with another manifest."""
    text = json.dumps(closing, ensure_ascii=False, separators=(",", ":"))
    if parts.form == "csv":
        width = len(next(csv.reader([parts.closing.decode()])))
        line = csv_row(["#manifest", text, *[""] * (width - 2)])
    elif parts.form == "jsonld":
        line = b'"consent:manifest":' + text.encode() + b"}\n"
    else:
        line = text.encode() + b"\n"
    return Parts(parts.form, parts.head, parts.rows, parts.trailer, line).joined()


def csv_row(cells: list[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().encode()


def rehashed(data: bytes, form: str) -> bytes:
    """Compute every hash anew, and put it where it belongs; only the signatures stay."""
    parts = parts_of(data, form)
    closing = closing_of(parts)
    if closing.keys() != {"manifest", "signature"} or not isinstance(closing["manifest"], dict):
        return data
    before = data[: len(data) - len(parts.closing)]
    digest = base64.urlsafe_b64encode(hashlib.sha256(before).digest()).rstrip(b"=")
    closing["manifest"]["sha256"] = digest.decode()
    text = json.dumps(
        closing["manifest"], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    hashed = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    first, _, rest = closing["signature"].partition("\n")
    closing["signature"] = f"{first}\n{hashed}\n{rest.partition(chr(10))[2]}"
    return parts_with(parts, closing)


def naive(data: bytes, form: str) -> bool:
    """A verifier that compares the hash in the manifest, and believes the rest."""
    try:
        parts = parts_of(data, form)
        closing = closing_of(parts)
        before = data[: len(data) - len(parts.closing)]
        digest = base64.urlsafe_b64encode(hashlib.sha256(before).digest()).rstrip(b"=")
        return closing["manifest"]["sha256"] == digest.decode()
    except (ValueError, KeyError, TypeError, AssertionError, IndexError, csv.Error):
        return False
