"""An export in columns: the same records, and which export they are from."""

import base64
import hashlib
import json
import os
import stat
import sys
from datetime import datetime

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from consent_server import cli
from consent_server.exports import parquet
from consent_server.exports.jsonl import NotAnExport
from tests.exports.signing import line_of


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


CHANGED = {
    "a record less": lambda lines: lines[1:],
    "no manifest": lambda lines: lines[:-1],
    "no JSON": lambda lines: [b"{\n", *lines[1:]],
    "the manifest twice": lambda lines: [*lines, lines[-1]],
    "another export behind it": lambda lines: [*lines, *lines],
}


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("change", [*CHANGED, "csv"])
def test_what_is_no_whole_export_is_refused(sealed, export_to, convert, tmp_path, change):
    source = export_to("csv" if change == "csv" else "jsonl")
    if change in CHANGED:
        lines = source.read_bytes().splitlines(keepends=True)
        source.write_bytes(b"".join(CHANGED[change](lines)))

    done, target = convert(source)

    assert done.exit_code == 1
    assert not target.exists()
    assert list(tmp_path.glob("*.part")) == []


def _in_a_record(change):
    def changed(parts, manifest):
        record = json.loads(parts.rows[0])
        change(record)
        parts.rows[0] = line_of(record)

    return changed


def _twice(parts, manifest):
    parts.rows[0] = parts.rows[0].replace(b'"event":', b'"event":"refused","event":', 1)


def _after_the_trailer(parts, manifest):
    parts.trailer.append(parts.rows.pop())


SIGNED = {
    "a member twice": _twice,
    "a record after the trailer": _after_the_trailer,
    "no object": lambda parts, manifest: parts.rows.insert(0, b"[]\n"),
    **{
        name: _in_a_record(change)
        for name, change in {
            "another member": lambda record: record.update(x=1),
            "a member less": lambda record: record.pop("corrects"),
            "another member of a choice": lambda record: record["categories"]["necessary"].update(
                x=1
            ),
            "no choices": lambda record: record.update(categories=None),
            "a fraction": lambda record: record.update(revision=1.5),
            "a number without end": lambda record: record.update(revision=2**63),
            "a flag in words": lambda record: record.update(gpc="true"),
            "a text that is a number": lambda record: record.update(event=5),
            "an instant that is a number": lambda record: record.update(recorded_at=5),
            "a finer instant": lambda record: record.update(
                recorded_at="2026-11-22T20:00:00.000001Z"
            ),
            "an instant of another place": lambda record: record.update(
                recorded_at="2026-11-22T20:00:00+01:00"
            ),
        }.items()
    },
}


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("change", SIGNED)
def test_what_a_column_cannot_hold_as_it_is_is_refused(
    sealed, export_to, sign_again, convert, change
):
    source = export_to("jsonl")
    sign_again(source, SIGNED[change])

    done, target = convert(source)

    assert (done.exit_code, target.exists()) == (1, False)
    assert isinstance(done.exception, NotAnExport | SystemExit)


def test_a_line_without_end_is_not_read_to_its_end(sealed, export_to, convert, monkeypatch):
    monkeypatch.setattr(parquet, "LONGEST_LINE", 300)

    assert convert(export_to("jsonl"))[0].exit_code == 1


def test_the_export_itself_is_never_overwritten(sealed, export_to, tmp_path):
    source = export_to("jsonl")
    data = source.read_bytes()
    link = tmp_path / "link.parquet"
    link.symlink_to(source)

    for target in (source, link):
        words = ["parquet", str(source), "-o", str(target), "--force"]
        assert CliRunner().invoke(cli.main, words).exit_code == 2
    assert source.read_bytes() == data


def test_nor_is_what_an_export_that_was_stopped_has_written(sealed, export_to, tmp_path):
    """It is where the file would be until it is whole."""
    data = export_to("jsonl").read_bytes()
    source = tmp_path / "records.part"
    source.write_bytes(data)

    done = CliRunner().invoke(cli.main, ["parquet", str(source), "-o", str(tmp_path / "records")])

    assert done.exit_code == 2
    assert f"{source} is the export itself" in done.stderr
    assert source.read_bytes() == data


def test_a_file_that_is_there_is_left_alone(sealed, export_to, convert):
    source = export_to("jsonl")
    _, target = convert(source)
    target.write_bytes(b"mine")

    assert convert(source)[0].exit_code == 2
    assert target.read_bytes() == b"mine"
    assert convert(source, "--force")[0].exit_code == 0


def test_it_is_for_its_owner_alone_as_the_export_is(sealed, export_to, convert):
    source = export_to("jsonl")
    before = os.umask(0o022)
    try:
        _, target = convert(source)
        target.chmod(0o644)
        convert(source, "--force")
    finally:
        os.umask(before)

    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_without_the_library_it_says_how_to_get_it(sealed, export_to, convert, monkeypatch):
    monkeypatch.delitem(sys.modules, "consent_server.exports.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    done, _ = convert(export_to("jsonl"))

    assert done.exit_code == 1
    assert "pip install" in done.output
