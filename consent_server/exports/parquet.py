"""An export in JSON Lines as a Parquet file, for those who compute with it.

The export is what proves itself; this is a copy of its records in columns, with the signed manifest
of the export in its metadata, so that nobody has to ask which one it was made from.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from consent_server.exports.jsonl import NotAnExport
from consent_server.ledger.canonical import base64url_encode
from consent_server.ledger.record import PLAIN, SUBJECT

#: Records of one row group: what is in memory at a time.
GROUP = 20_000
#: No record and no entry comes near; a line in memory is whole.
LONGEST_LINE = 16_000_000
#: As exports write it, so that nothing is lost in the type of its column.
INSTANT_FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
#: How the lines after the records begin.
TRAILER, MANIFEST = b'{"log":', b'{"manifest":'
#: Names in the metadata of the file.
MANIFEST_KEY, SOURCE_KEY = b"consent:manifest", b"consent:export-sha256"

INSTANT, TEXT, WHOLE, FLAG = pa.timestamp("ms", "UTC"), pa.string(), pa.int64(), pa.bool_()
CHOICE = {
    "granted": FLAG,
    "decided_at": INSTANT,
    "expires_at": INSTANT,
    "revision": WHOLE,
    "ended": TEXT,
}
KINDS = {
    **dict.fromkeys((*PLAIN, *SUBJECT), TEXT),
    **dict.fromkeys(("recorded_at", "expires_at"), INSTANT),
    **dict.fromkeys(("gpc", "trusted", "superseded"), FLAG),
    **dict.fromkeys(("revision", "n"), WHOLE),
}
COUNTS = {"day": TEXT, "event": TEXT, "superseded": FLAG, "count": WHOLE}
OPENINGS = {
    "decisions": ("decision_key", "subject_commitment"),
    "subjects": ("decision_key", "subject_key"),
}


def to_parquet(source: Path, target: IO[bytes]) -> Iterator[int]:
    """Write the records of an export as Parquet; yield how many are written, group by group.

    :param source: an export in JSON Lines, of any level
    :raises NotAnExport: it is not, or is not whole, or says something that no export says
    """
    manifest, last, digest = _closing(source)
    schema = _schema(str(manifest.get("level")))
    described = schema.with_metadata({MANIFEST_KEY: last, SOURCE_KEY: digest.encode()})
    hashed, done = hashlib.sha256(), 0
    with (
        pq.ParquetWriter(target, described, compression="zstd") as writer,
        source.open("rb") as file,
    ):
        for group in _groups(file, hashed):
            writer.write_table(_table(group, described))
            done += len(group)
            yield done
    if base64url_encode(hashed.digest()) != manifest.get("sha256"):
        raise NotAnExport("the file was changed while it was read")


def _table(records: list[Any], schema: pa.Schema) -> pa.Table:
    """Return records in columns, each value in its type or refused, never made to fit."""
    try:
        return pa.Table.from_pylist([_row(record, schema) for record in records], schema=schema)
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        raise NotAnExport("a record is not of the form that records have") from None


def _schema(level: str) -> pa.Schema:
    if level == "counts":
        return pa.schema(list(COUNTS.items()))
    if level not in OPENINGS:
        raise NotAnExport("the manifest names no level of an export")
    named = level == "subjects"
    choice = {**CHOICE, "n": WHOLE} if named else CHOICE
    choices = pa.map_(TEXT, pa.struct(list(choice.items())))
    plain = {name: KINDS[name] for name in (*PLAIN, *(SUBJECT if named else ()))}
    openings = dict.fromkeys(OPENINGS[level], TEXT)
    columns = {"log_index": WHOLE, **plain, "categories": choices, "services": choices, **openings}
    return pa.schema(list(columns.items()))


def _groups(file: IO[bytes], hashed: Any) -> Iterator[list[Any]]:
    """Yield records, some at a time; hash every line before the manifest."""
    group: list[Any] = []
    is_trailer = False
    for line in _lines(file):
        if line.startswith(MANIFEST):
            break
        hashed.update(line)
        is_trailer |= line.startswith(TRAILER)
        if not is_trailer:
            group.append(_record(line))
        elif not line.startswith(TRAILER):
            raise NotAnExport("a record stands after the trailer")
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group


def _record(line: bytes) -> Any:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise NotAnExport("a line is no JSON") from None
    if orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE) != line:  # a member twice, say
        raise NotAnExport("a line is spelled in another way than exports are")
    return record


def _row(record: Any, schema: pa.Schema) -> dict[str, Any]:
    """Return the values of the columns.

    :raises ValueError: the record has other members than records have, or of another form
    """
    if record.keys() != set(schema.names):
        raise ValueError("not the members of a record")
    kinds = {field.name: field.type for field in schema}
    return {
        name: [(id_, _choice(choice, kind.item_type)) for id_, choice in record[name].items()]
        if pa.types.is_map(kind)
        else _value(record[name], kind)
        for name, kind in kinds.items()
    }


def _choice(choice: dict[str, Any], kinds: pa.StructType) -> dict[str, Any]:
    if choice.keys() != {field.name for field in kinds}:
        raise ValueError("not the members of a choice")
    return {field.name: _value(choice[field.name], field.type) for field in kinds}


def _value(value: Any, kind: pa.DataType) -> Any:
    if value is None:
        return None
    if kind == WHOLE and type(value) is not int:
        raise TypeError("no integer")
    if kind != INSTANT:
        return value
    if not INSTANT_FORM.fullmatch(value):
        raise ValueError("not an instant as exports write it")
    return datetime.fromisoformat(value)


def _closing(source: Path) -> tuple[dict[str, Any], bytes, str]:
    """Return the manifest, the last line, which has it, and the hash of the whole file.

    :raises NotAnExport: there is none, or another line after it, or it is of other lines
    """
    hashed, last = hashlib.sha256(), b""
    with source.open("rb") as file:
        for line in _lines(file):
            if line.startswith(MANIFEST):
                last = line
                break
            hashed.update(line)
        follows = file.read(1)
    try:
        manifest = json.loads(last)["manifest"]
    except (ValueError, KeyError, TypeError):
        raise NotAnExport("the last line is no manifest: is it an export in JSON Lines?") from None
    if not isinstance(manifest, dict):
        raise NotAnExport("the manifest is no object")
    if follows:
        raise NotAnExport("something follows the manifest")
    if base64url_encode(hashed.digest()) != manifest.get("sha256"):
        raise NotAnExport("the lines are not those that the manifest was signed over")
    hashed.update(last)
    return manifest, last.rstrip(b"\n"), base64url_encode(hashed.digest())


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    while line := file.readline(LONGEST_LINE):
        if len(line) == LONGEST_LINE:
            raise NotAnExport("a line is longer than any of an export")
        yield line
