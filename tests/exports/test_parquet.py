"""An export in columns: the same records, and which export they are from."""

import base64
import hashlib
import json
import sys
from datetime import datetime

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from consent_server import cli
from consent_server.exports import parquet


@pytest.fixture
def convert(tmp_path):
    """Run the command; gives its result, and the file."""

    def convert(source, *words):
        target = tmp_path / "records.parquet"
        return CliRunner().invoke(
            cli.main, ["parquet", str(source), "-o", str(target), *words]
        ), target

    return convert


def _plain(value):
    """Undo the types of the columns."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, list):
        return {name: {key: _plain(one) for key, one in choice.items()} for name, choice in value}
    return value


@pytest.mark.parametrize("level", ["counts", "decisions", "subjects"])
def test_each_record_is_there_with_every_member(sealed, export_to, convert, level, monkeypatch):
    monkeypatch.setattr(parquet, "GROUP", 7)
    source = export_to("jsonl", level)

    done, target = convert(source)

    assert done.exit_code == 0, done.output
    lines = [json.loads(line) for line in source.read_bytes().splitlines()]
    records = [line for line in lines if not line.keys() & {"log", "manifest"}]
    read = [
        {name: _plain(value) for name, value in row.items()}
        for row in pq.read_table(target).to_pylist()
    ]
    assert read == records
    assert len(records) > 7 or level == "counts"
    assert pq.ParquetFile(target).num_row_groups == -(-len(records) // 7)


def test_it_says_which_export_it_was_made_from(sealed, export_to, convert):
    source = export_to("jsonl")

    _, target = convert(source)

    metadata = pq.read_schema(target).metadata
    assert metadata[b"consent:manifest"] == source.read_bytes().splitlines()[-1]
    hashed = base64.urlsafe_b64encode(hashlib.sha256(source.read_bytes()).digest()).rstrip(b"=")
    assert metadata[b"consent:export-sha256"] == hashed


@pytest.mark.parametrize(
    "change", ["a record less", "no manifest", "another member", "csv", "no JSON"]
)
def test_what_is_no_whole_export_is_refused(sealed, export_to, convert, tmp_path, change):
    source = export_to("csv" if change == "csv" else "jsonl")
    lines = source.read_bytes().splitlines(keepends=True)
    changed = {
        "a record less": lines[1:],
        "no manifest": lines[:-1],
        "another member": [lines[0].replace(b"{", b'{"x":1,', 1), *lines[1:]],
        "csv": lines,
        "no JSON": [b"{\n", *lines[1:]],
    }
    source.write_bytes(b"".join(changed[change]))

    done, target = convert(source)

    assert done.exit_code == 1
    assert not target.exists()
    assert list(tmp_path.glob("*.part")) == []


def test_a_file_that_is_there_is_left_alone(sealed, export_to, convert):
    source = export_to("jsonl")
    _, target = convert(source)
    target.write_bytes(b"mine")

    assert convert(source)[0].exit_code == 2
    assert target.read_bytes() == b"mine"
    assert convert(source, "--force")[0].exit_code == 0


def test_without_the_library_it_says_how_to_get_it(sealed, export_to, convert, monkeypatch):
    monkeypatch.delitem(sys.modules, "consent_server.exports.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    done, _ = convert(export_to("jsonl"))

    assert done.exit_code == 1
    assert "pip install" in done.output
