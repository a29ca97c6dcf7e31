"""An export in JSON Lines as a Parquet file, for those who compute with it.

The export is what proves itself; this is a copy of its records in columns, with the signed manifest
of the export in its metadata, so that nobody has to ask which one it was made from.
"""

import hashlib
import json
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
    :raises NotAnExport: it is not, or is not whole
    """
    manifest, last = _manifest(source)
    schema = _schema(str(manifest.get("level")))
    described = schema.with_metadata({MANIFEST_KEY: last, SOURCE_KEY: _digest(source).encode()})
    hashed, done = hashlib.sha256(), 0
    with (
        pq.ParquetWriter(target, described, compression="zstd") as writer,
        source.open("rb") as file,
    ):
        for group in _groups(file, hashed):
            rows = [_row(record, schema) for record in group]
            writer.write_table(pa.Table.from_pylist(rows, schema=described))
            done += len(rows)
            yield done
    if base64url_encode(hashed.digest()) != manifest.get("sha256"):
        raise NotAnExport("the lines are not those that the manifest was signed over")


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


def _groups(file: IO[bytes], hashed: Any) -> Iterator[list[dict[str, Any]]]:
    """Yield records, some at a time; hash every line before the manifest."""
    group: list[dict[str, Any]] = []
    for line in file:
        if line.startswith(MANIFEST):
            break
        hashed.update(line)
        if line.startswith(TRAILER):
            continue
        try:
            group.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            raise NotAnExport("a line is no JSON") from None
        if len(group) == GROUP:
            yield group
            group = []
    if group:
        yield group


def _row(record: dict[str, Any], schema: pa.Schema) -> dict[str, Any]:
    """Return the values of the columns.

    :raises NotAnExport: the record has another member than records have
    """
    if record.keys() - set(schema.names):
        raise NotAnExport("a record has a member that records do not have")
    row = {name: _value(record.get(name), schema.field(name).type) for name in schema.names}
    for asked in record.keys() & {"categories", "services"}:
        kinds = schema.field(asked).type.item_type
        row[asked] = [(id_, _choice(choice, kinds)) for id_, choice in record[asked].items()]
    return row


def _choice(choice: dict[str, Any], kinds: pa.StructType) -> dict[str, Any]:
    return {field.name: _value(choice.get(field.name), field.type) for field in kinds}


def _value(value: Any, kind: pa.DataType) -> Any:
    return datetime.fromisoformat(value) if kind == INSTANT and value is not None else value


def _manifest(source: Path) -> tuple[dict[str, Any], bytes]:
    """Return the manifest, and the last line, which has it."""
    last = b""
    with source.open("rb") as file:
        for line in file:
            last = line if line.startswith(MANIFEST) else b""
    try:
        manifest = json.loads(last)["manifest"]
    except (ValueError, KeyError, TypeError):
        raise NotAnExport("the last line is no manifest: is it an export in JSON Lines?") from None
    if not isinstance(manifest, dict):
        raise NotAnExport("the manifest is no object")
    return manifest, last.rstrip(b"\n")


def _digest(source: Path) -> str:
    with source.open("rb") as file:
        return base64url_encode(hashlib.file_digest(file, "sha256").digest())
