"""A large file of JSON Lines or CSV is read by several processes, and what is found is the same."""

import random
from concurrent.futures import BrokenExecutor

import pytest

from consent_server import verification
from tests.exports.tampering import edited, parts_of, removed, swapped


@pytest.fixture
def in_parts(monkeypatch):
    """Let small files count as large ones, of several parts."""

    def in_parts():
        monkeypatch.setattr(verification, "LARGE", 0)
        monkeypatch.setattr(verification, "PART", 5)
        monkeypatch.setattr("os.cpu_count", lambda: 2)

    return in_parts


def csv_in_other_bytes(data):
    """Rows in another spelling, with a cell that is none, one too many, and over two lines."""
    return [
        data.replace(b",save,", b',"save",', 1),
        data.replace(b",true,", b",yes,", 1),
        data.replace(b",save,", b",save,,", 1),
        data.replace(b",save,", b',"sa\r\nve",', 1),
        *over_a_border(data),
    ]


def over_a_border(data):
    """A row that begins in one part and ends in the next, with two quotes in its first line."""
    lines = data.splitlines(keepends=True)
    lines[4] = b'x"y,"z\r\n'
    never_ends = b"".join(lines)
    lines[6] = b'z",a"b\r\n'
    return never_ends, b"".join(lines)


def lines_in_other_bytes(data):
    return [
        data.replace(b'"action":', b'"action": '),
        data.replace(b'"action":', b'"action";'),
        data.replace(b'{"log_index":7', b'{"another":7'),
    ]


@pytest.fixture(params=["jsonl", "csv"])
def files(request, sealed, export_to, tmp_path):
    """An export, and some that were made of it and say something else, or nothing."""
    form = request.param
    data = export_to(form, "subjects").read_bytes()
    parts, chance = parts_of(data, form), random.Random("parts")
    texts = [
        data,
        *(kind(parts, chance)[0] for kind in (edited, removed, swapped)),
        *(lines_in_other_bytes if form == "jsonl" else csv_in_other_bytes)(data),
        data[: len(data) // 2],
    ]
    paths = [tmp_path / f"{number}.{form}" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text)
    return paths


def found(path):
    report = verification.verify(path, verification.Trusted())
    return report.is_good, report.proved, report.problems, report.roots


def test_several_processes_find_what_one_finds(files, in_parts):
    alone = [found(path) for path in files]
    in_parts()

    assert [found(path) for path in files] == alone
    assert [is_good for is_good, *_ in alone] == [True] + [False] * (len(files) - 1)


@pytest.mark.parametrize("failure", [BrokenExecutor, OSError, MemoryError])
def test_where_no_other_process_can_work_this_one_reads_the_rest(
    files, in_parts, monkeypatch, failure
):
    alone = [found(path) for path in files]
    in_parts()
    begun = []

    def break_down(tasks):
        begun.append(len(tasks))
        yield verification._read_part(*tasks[0])
        raise failure

    monkeypatch.setattr(verification, "_parts_by_others", break_down)

    assert [found(path) for path in files] == alone
    assert begun and min(begun) > 1
