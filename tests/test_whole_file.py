"""A file that has its name when it is whole (``disk.whole_file``), whoever else writes it."""

import errno
import hashlib
import os
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from consent_server.disk import whole_file
from consent_server.exports.resuming import PartFile


@pytest.fixture
def file(tmp_path):
    """A file that is there."""
    file = tmp_path / "backup"
    file.write_bytes(b"before")
    return file


def _begun(file, data):
    """Begin to write a file; gives what ends it."""
    writing = ExitStack()
    writing.enter_context(whole_file(file)).write(data)
    return writing


def test_whoever_ends_gives_the_name_to_nothing_that_another_one_has_begun(file):
    first, second = _begun(file, b"first"), _begun(file, b"second")

    with pytest.raises(OSError, match="somebody else") as refused:
        first.close()

    assert refused.value.filename == str(file)
    assert file.read_bytes() == b"before"
    second.close()
    assert file.read_bytes() == b"second"
    assert [path.name for path in file.parent.iterdir()] == ["backup"]


def test_what_another_one_has_begun_is_left_to_them(file):
    first = _begun(file, b"first")
    with whole_file(file) as second:
        second.write(b"second")
        with pytest.raises(OSError, match="somebody else"):
            first.close()
        second.write(b", whole")

    assert file.read_bytes() == b"second, whole"


def test_a_disk_that_is_full_is_that_of_the_file(file):
    with pytest.raises(OSError, match="No space left") as full, whole_file(file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert full.value.filename == str(file)
    assert file.read_bytes() == b"before"


def test_what_fails_takes_away_nothing_that_another_one_has_begun(file):
    with pytest.raises(ZeroDivisionError), whole_file(file) as first:
        first.write(b"first")
        second = _begun(file, b"second")
        raise ZeroDivisionError

    second.close()
    assert file.read_bytes() == b"second"


def test_an_export_is_written_into_by_no_other_one(file):
    def begin(*pieces):
        progress = SimpleNamespace(size=0, after=0, waiting=0, records=0, hashed=hashlib.sha256())
        export = SimpleNamespace(progress=progress, pieces=lambda: iter(pieces))
        writing = PartFile(file).write(export, resume=False)
        next(writing)
        return writing

    first, second = begin(b"first"), begin(b"second", b", whole")

    with pytest.raises(OSError, match="somebody else") as refused:
        list(first)

    assert refused.value.filename == str(file)
    assert file.read_bytes() == b"before"
    list(second)
    assert file.read_bytes() == b"second, whole"
