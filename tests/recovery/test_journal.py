"""The entries of a log outside the database: none that is promised is missing there."""

import pytest

from consent_server.sealing import notary as notaries
from consent_server.sealing.journal import append, entries_in, orders_of
from tests.builders import acceptance, refusal


def test_it_has_every_entry_of_the_log_in_its_place(decide, seal, journal, rows):
    decide(acceptance())
    seal()
    for _ in range(3):
        decide(refusal())
    seal()

    kept = {row["leaf_index"]: (bytes(row["entry"]),) for row in rows("log_entries")}
    assert entries_in([journal], 0, 1_000) == kept
    assert entries_in([journal], 3, 5) == {at: kept[at] for at in (3, 4)}
    assert journal.stat().st_mode & 0o777 == 0o600


def test_entries_are_there_before_the_promise_that_covers_them(decide, seal, journal, monkeypatch):
    decide(acceptance())
    seal()
    decide(refusal())

    def die(path, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(notaries, "replace_file", die)
    with pytest.raises(OSError, match="No space"):
        seal()

    assert list(entries_in([journal], 3, 9)) == [3]


@pytest.mark.parametrize("length", [1, 10, 70_000, 200_000])
def test_a_line_that_was_cut_off_is_replaced(tmp_path, length):
    path = tmp_path / "demo.entries"
    append(path, 0, [b"{}", b"[]"])
    with path.open("ab") as file:
        file.write(b"2 " + b"x" * length)

    append(path, 2, [b"{1}"])

    assert path.read_bytes() == b"0 {}\n1 []\n2 {1}\n"


def test_a_file_without_a_whole_line_is_begun_anew(tmp_path):
    path = tmp_path / "demo.entries"
    path.write_bytes(b"0 {")

    append(path, 0, [b"{}"])

    assert path.read_bytes() == b"0 {}\n"


def test_of_a_place_that_comes_twice_in_a_file_the_later_counts(tmp_path):
    """A batch that was never promised, and what took its place after a restore."""
    one, other = tmp_path / "demo.entries", tmp_path / "other.entries"
    append(one, 0, [b"a", b"b"])
    append(one, 1, [b"c"])
    append(other, 2, [b"d"])

    assert entries_in([one, other, tmp_path / "none"], 1, 3) == {1: (b"c",), 2: (b"d",)}


def test_of_files_that_disagree_each_is_tried_the_first_first(tmp_path):
    """Places side by side are of one file, as a power cut leaves them."""
    one, other = tmp_path / "demo.entries", tmp_path / "other.entries"
    append(one, 0, [b"a", b"x", b"y", b"d", b"e"])
    append(other, 0, [b"a", b"b", b"c", b"d", b"z"])

    found = list(orders_of(entries_in([one, other], 0, 5)))

    assert [b"".join(order) for order in found] == [b"axyde", b"axydz", b"abcde", b"abcdz"]


@pytest.mark.parametrize("line", [b"9" * 5_000 + b" {}\n", b"\0" * 500 + b"\n", b"\n", b"1\n"])
def test_a_line_that_is_none_is_passed_over(tmp_path, line):
    path = tmp_path / "demo.entries"
    path.write_bytes(b"0 {}\n" + line + b"1 []\n")

    assert entries_in([path], 0, 2) == {0: (b"{}",), 1: (b"[]",)}
