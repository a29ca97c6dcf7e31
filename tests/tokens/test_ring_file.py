"""The file of the key ring: made once, closed to others, believed only when it is whole."""

import json
import multiprocessing
import os
import stat

import pytest

from consent_server.tokens import KeyRing, KeyRingUnusable
from consent_server.tokens.ringfile import RingFile
from tests.tokens.samples import NOW


@pytest.fixture
def path(ring, tmp_path):
    return tmp_path / "data/keys/ring.json"


def reopened(tmp_path):
    return KeyRing.open(tmp_path / "data", NOW)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_directory_and_file_are_closed_to_others_whatever_the_umask(tmp_path):
    umask = os.umask(0)
    try:
        KeyRing.open(tmp_path / "new/data", NOW).rotate(NOW)
    finally:
        os.umask(umask)

    keys = tmp_path / "new/data/keys"
    assert (mode(keys.parent), mode(keys), mode(keys / "ring.json")) == (0o700, 0o700, 0o600)
    assert mode(keys / "ring.lock") == 0o600
    assert sorted(file.name for file in keys.iterdir()) == ["ring.json", "ring.lock"]


def test_a_second_start_finds_the_ring_of_the_first(ring, tmp_path):
    again = reopened(tmp_path)

    assert [key.kid for key in again.token_keys()] == [key.kid for key in ring.token_keys()]
    assert again.subject("demo", "A" * 22) == ring.subject("demo", "A" * 22)


def open_at_once(directory, barrier, answers):
    barrier.wait(60)
    ring = KeyRing.open(directory, NOW)
    answers.put((ring.active.kid, ring.subject("demo", "A" * 22)))


def test_processes_that_start_at_the_same_instant_end_with_one_ring(tmp_path):
    context = multiprocessing.get_context("spawn")
    number = 6
    barrier, answers = context.Barrier(number), context.Queue()
    processes = [
        context.Process(
            target=open_at_once, args=(tmp_path / "data", barrier, answers), daemon=True
        )
        for _ in range(number)
    ]
    for process in processes:
        process.start()
    found = {answers.get(timeout=60) for _ in processes}
    for process in processes:
        process.join(60)

    assert [process.exitcode for process in processes] == [0] * number
    assert len(found) == 1


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o660, 0o602, 0o644])
def test_a_file_that_others_may_read_or_write_is_refused(path, tmp_path, bits):
    path.chmod(bits)

    with pytest.raises(KeyRingUnusable) as refusal:
        reopened(tmp_path)

    assert "open to other users" in refusal.value.problem


def test_a_directory_that_others_may_enter_is_refused(path, tmp_path):
    path.parent.chmod(0o750)

    with pytest.raises(KeyRingUnusable) as refusal:
        reopened(tmp_path)

    assert "chmod 700" in refusal.value.problem


def a_key(**changes):
    """Change the active key."""
    return lambda document: document["tokens"][0].update(changes)


def the_next_key(**changes):
    return lambda document: document["tokens"][1].update(changes)


def one_more_key(**changes):
    """Add the active key a second time."""
    return lambda document: document["tokens"].append({**document["tokens"][0], **changes})


def members(**changes):
    return lambda document: document.update(changes)


def swapped(member):
    """Give the active key a member of the next one."""
    return lambda document: document["tokens"][0].update({member: document["tokens"][1][member]})


WRONG_PARTS = {
    "short secret": members(subject="A" * 42),
    "long secret": members(subject="A" * 44),
    "padded secret": members(subject="A" * 43 + "="),
    "no secret": members(subject=""),
    "secret of numbers": members(subject=[1] * 32),
    "short private key": a_key(d="A" * 22),
    "private key of another": swapped("d"),
    "active without private key": a_key(d=None),
    "retired with private key": a_key(state="verify-only"),
    "public key of another": swapped("x"),
    "other key id": a_key(kid="somebody"),
    "same key twice": one_more_key(state="revoked", d=None),
    "unknown state": a_key(state="sleeping"),
    "two active": the_next_key(state="active"),
    "two next": a_key(state="next"),
    "no next": lambda document: document["tokens"].pop(),
    "no keys": members(tokens=[]),
    "keys that are none": members(tokens={}),
    "time without offset": a_key(created="2024-03-01T12:00:00"),
    "time that is none": a_key(since=7),
    "key that is none": lambda document: document["tokens"].append("key"),
    "other format": members(format=2),
    "revision that is none": members(revision="1"),
    "additional member": members(note="mine"),
    "member missing": lambda document: document.pop("revision"),
    "additional member of a key": a_key(note="mine"),
}


@pytest.mark.parametrize("change", WRONG_PARTS.values(), ids=WRONG_PARTS.keys())
def test_a_file_with_one_wrong_part_is_refused(path, tmp_path, change):
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))

    with pytest.raises(KeyRingUnusable):
        reopened(tmp_path)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_something_else_is_refused_and_left_alone(path, tmp_path, text):
    path.write_bytes(text)

    with pytest.raises(KeyRingUnusable):
        reopened(tmp_path)

    assert path.read_bytes() == text


def test_an_untouched_file_is_accepted_after_it_was_written_by_hand(path, tmp_path):
    path.write_text(json.dumps(json.loads(path.read_text()), indent=4))

    assert reopened(tmp_path).revision == 1


def test_a_process_that_died_while_writing_leaves_the_ring_as_it_was(path, ring):
    (path.parent / "ring.new").write_text("half a ri")

    ring.rotate(NOW)

    assert ring.revision == 2
    assert not (path.parent / "ring.new").exists()


def test_two_changes_in_one_tick_of_the_clock_are_told_apart(path, tmp_path):
    file = RingFile(tmp_path / "data")
    ahead = path.stat().st_mtime_ns + 10**12
    os.utime(path, ns=(ahead, ahead))

    file.change(lambda keys: keys.rotated(NOW))

    assert file.stamp().modified > ahead


def test_a_ring_that_cannot_be_made_is_refused_with_the_reason(tmp_path):
    (tmp_path / "data").write_text("a file in the way")

    with pytest.raises(KeyRingUnusable) as refusal:
        reopened(tmp_path)

    assert "cannot be made" in refusal.value.problem


def test_something_else_in_place_of_the_file_is_refused(path, tmp_path):
    path.unlink()
    path.mkdir(mode=0o700)

    with pytest.raises(KeyRingUnusable):
        reopened(tmp_path)
