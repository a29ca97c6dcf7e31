"""The form of a backup: whatever is changed in it, nothing of it is taken for what it was."""

import io
import random
from datetime import UTC, datetime

import pytest

from consent_server.backup.container import CHUNK, Reader, Writer
from consent_server.backup.errors import BackupKeyMissing, BackupKeysUnusable, BackupUnreadable
from consent_server.backup.members import read_members, write_member
from consent_server.backup.monthkeys import MonthKeys, month_of

ABOUT = {"at": "2026-11-29T00:00:00.000Z", "engine": "sqlite", "month": "2026-11", "schema": "0004"}
SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17]


@pytest.fixture
def keys(tmp_path):
    found = MonthKeys(tmp_path)
    found.make("2026-11")
    return found


@pytest.fixture
def sealed(keys):
    """Encrypt bytes, written in pieces of any length."""

    def sealed(data):
        file = io.BytesIO()
        writer = Writer(file, keys.key("2026-11"), ABOUT)
        for at in range(0, len(data), 70_001):
            writer.write(data[at : at + 70_001])
        writer.close()
        return file.getvalue()

    return sealed


def opened(data, keys):
    reader = Reader(io.BytesIO(data), keys)
    found = bytearray()
    while not reader.is_at_end():
        found += reader.exactly(1)
        found += reader.exactly(len(reader._pending))
    return bytes(found)


@pytest.mark.parametrize("size", SIZES)
def test_what_was_written_is_read_whatever_its_length(sealed, keys, size):
    data = random.Random(size).randbytes(size)

    assert opened(sealed(data), keys) == data


def test_nothing_of_it_can_be_read_in_the_file(sealed, keys):
    data = b"somebody decided something " * 100

    assert b"somebody" not in sealed(data)
    assert sealed(data) != sealed(data)
    assert keys.key("2026-11") not in sealed(data)


def test_a_flipped_bit_anywhere_is_found(sealed, keys):
    data = bytearray(sealed(b"x" * 3_000))
    chance = random.Random(1)
    for _ in range(400):
        at, bit = chance.randrange(len(data)), 1 << chance.randrange(8)
        data[at] ^= bit
        with pytest.raises((BackupUnreadable, BackupKeyMissing)):
            opened(bytes(data), keys)
        data[at] ^= bit
    assert opened(bytes(data), keys) == b"x" * 3_000


def test_cut_off_anywhere_it_is_no_backup(sealed, keys):
    data = sealed(b"x" * (2 * CHUNK + 5))
    first = data.index(b"\n") + 1
    chunk = 4 + CHUNK + 16
    for end in [0, 10, first, first + 3, first + 100, first + chunk, first + 2 * chunk, -1]:
        with pytest.raises(BackupUnreadable):
            opened(data[:end], keys)


def test_chunks_cannot_change_places_be_doubled_or_come_from_another_backup(sealed, keys):
    one, other = (sealed(bytes([of]) * (3 * CHUNK)) for of in (1, 2))
    first, chunk = one.index(b"\n") + 1, 4 + CHUNK + 16
    head, parts = (
        one[:first],
        [one[first + chunk * at : first + chunk * (at + 1)] for at in range(3)],
    )
    theirs = other[first : first + chunk]

    for order in ([1, 0, 2], [0, 0, 1, 2], [0, 2], [0, 1, 2, 2]):
        with pytest.raises(BackupUnreadable):
            opened(head + b"".join(parts[at] for at in order), keys)
    with pytest.raises(BackupUnreadable):
        opened(head + theirs + parts[1] + parts[2], keys)


def test_members_are_read_as_they_were_written(keys):
    file = io.BytesIO()
    writer = Writer(file, keys.key("2026-11"), ABOUT)
    members = [({"table": "a"}, b""), ({"table": "b"}, b"y" * (CHUNK + 3)), ({"table": "c"}, b"z")]
    for about, data in members:
        write_member(writer, about, [data[:5], data[5:]])
    writer.close()

    reader = Reader(io.BytesIO(file.getvalue()), keys)

    assert [(about, b"".join(blocks)) for about, blocks in read_members(reader)] == members


def test_without_the_key_of_its_month_it_stays_closed(sealed, keys, tmp_path):
    data = sealed(b"x")
    other = MonthKeys(tmp_path / "other")
    with pytest.raises(BackupKeyMissing):
        opened(data, other)
    other.make("2026-11")
    with pytest.raises(BackupUnreadable, match="key of its month"):
        opened(data, other)


def test_keys_of_earlier_months_are_forgotten_and_their_backups_with_them(sealed, keys):
    data = sealed(b"x")
    keys.make("2026-12")

    assert keys.forget_up_to("2026-10") == 0
    assert keys.forget_up_to("2026-11") == 1

    with pytest.raises(BackupKeyMissing):
        opened(data, keys)
    assert len(keys.key("2026-12")) == 32


def test_a_key_is_made_once_and_lies_open_to_nobody_else(keys):
    before = keys.key("2026-11")

    assert keys.make("2026-11") is False
    assert keys.key("2026-11") == before
    assert keys.path.stat().st_mode & 0o077 == 0
    keys.path.chmod(0o644)
    with pytest.raises(BackupKeysUnusable, match="open to other users"):
        keys.key("2026-11")


@pytest.mark.parametrize(
    "text", ["", "{}", '{"format": 1}', '{"format": 1, "keys": {"2026-11": "AA"}}', "[]", "\xff"]
)
def test_a_damaged_file_of_keys_is_never_written_over(keys, text):
    keys.path.write_bytes(text.encode("latin-1"))

    with pytest.raises(BackupKeysUnusable):
        keys.make("2026-12")
    assert keys.path.read_bytes() == text.encode("latin-1")


def test_a_month_is_that_of_utc():
    assert month_of(datetime(2026, 12, 1, tzinfo=UTC)) == "2026-12"
