"""A witness answers as c2sp.org/tlog-witness says, and never signs what does not continue."""

import threading

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent_server import cli
from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.cosignature import cosignatures
from consent_server.ledger.merkle import leaf_hash
from consent_server.ledger.note import NoteKey, base64_encode
from consent_server.witness.cosigning import Cosigner
from consent_server.witness.errors import SeenAnother, WitnessUnusable
from consent_server.witness.keeping import SeenLogs, WitnessKey
from consent_server.witness.serving import create_witness
from tests.ledger.trees import naive_growth, naive_root

ORIGIN = "consent.example/log/demo"
LOG, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
LOG_KEY = NoteKey(ORIGIN, LOG.public_key().public_bytes_raw())


def leaves(size, kind="a"):
    return [leaf_hash(f"{kind}{number}".encode()) for number in range(size)]


def note(size, kind="a", private=LOG, origin=ORIGIN):
    return Checkpoint(origin, size, naive_root(leaves(size, kind))).sign(private)


def proof(old, size, kind="a"):
    return naive_growth(old, leaves(size, kind)) if 0 < old < size else []


def body(old, size, *, kind="a", private=LOG, origin=ORIGIN, hashes=None):
    lines = [
        f"old {old}",
        *map(base64_encode, proof(old, size, kind) if hashes is None else hashes),
    ]
    return ("\n".join(lines) + "\n\n" + note(size, kind, private, origin)).encode()


@pytest.fixture
def key(tmp_path):
    return WitnessKey.create(tmp_path / "witness", "witness.example/w")


@pytest.fixture
def cosigner(tmp_path, key, clock):
    return Cosigner(key, (LOG_KEY,), SeenLogs(tmp_path / "witness"), lambda: clock.instant)


@pytest.fixture
def post(cosigner):
    client = create_witness(cosigner).test_client()
    return lambda body: client.post("/add-checkpoint", data=body)


def test_a_log_is_cosigned_as_it_grows(post, key, clock):
    for old, size in ((0, 1), (1, 2), (2, 7), (7, 7), (7, 300)):
        answer = post(body(old, size))

        assert answer.status_code == 200
        (seen,) = cosignatures(note(size) + answer.text, [key.public])
        assert seen.seconds == int(clock.instant.timestamp())


def test_an_empty_log_may_be_seen_and_grow(post):
    assert [post(body(0, size)).status_code for size in (0, 0, 5)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("name", "sent", "status"),
    [
        ("no old size", b"\n\n" + note(7).encode(), 400),
        ("leading zero", body(5, 7).replace(b"old 5", b"old 05"), 400),
        ("old above new", body(8, 7), 400),
        ("not base64", body(5, 7).replace(b"\n", b"\n!\n", 1), 400),
        ("64 hashes", body(5, 7, hashes=[b"\x00" * 32] * 64), 400),
        ("no checkpoint", b"old 5\n\nnothing\n", 400),
        ("not text", b"\xff\xfe", 400),
        ("empty", b"", 400),
        ("unknown log", body(5, 7, origin="consent.example/log/other"), 404),
        ("another key", body(5, 7, private=OTHER), 403),
        ("older than seen", body(4, 7), 409),
        ("never seen", body(0, 7), 409),
        ("another tree of this size", body(5, 5, kind="b"), 409),
        ("another tree, grown", body(5, 7, kind="b"), 422),
        ("no proof", body(5, 7, hashes=[]), 422),
        ("a hash too many", body(5, 7, hashes=[*proof(5, 7), b"\x00" * 32]), 422),
        ("a hash too few", body(5, 7, hashes=proof(5, 7)[:-1]), 422),
        ("a short hash", body(5, 7, hashes=[b"\x00" * 31]), 422),
        ("larger than a request", b"old 5\n\n" + b"x" * 70_000, 413),
    ],
)
def test_what_does_not_continue_is_refused_and_changes_nothing(post, name, sent, status):
    post(body(0, 5))

    answer = post(sent)

    assert answer.status_code == status
    if status == 409:
        assert (answer.content_type, answer.text) == ("text/x.tlog.size", "5\n")
    assert "—" not in answer.text
    assert post(body(5, 6)).status_code == 200  # the right next one is still taken


def test_a_log_that_is_new_needs_no_proof_and_takes_none(post):
    assert post(body(0, 5, hashes=[b"\x00" * 32])).status_code == 422
    assert post(body(0, 5)).status_code == 200


def test_of_two_histories_at_the_same_time_one_is_cosigned(cosigner):
    """Without a lock both read the same last size, and both histories are cosigned."""
    cosigner.add_checkpoint(body(0, 5))
    start, results = threading.Barrier(8), []

    def submit(kind_of):
        start.wait()
        # Both continue the first five entries.
        grown = leaves(5) + leaves(3, kind_of)
        text = Checkpoint(ORIGIN, 8, naive_root(grown)).sign(LOG)
        lines = ["old 5", *map(base64_encode, naive_growth(5, grown))]
        try:
            results.append(cosigner.add_checkpoint(("\n".join(lines) + "\n\n" + text).encode()))
        except SeenAnother:
            results.append(None)

    threads = [threading.Thread(target=submit, args=(f"k{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len([line for line in results if line]) == 1


def test_what_was_cosigned_is_on_the_disk_before_it_is_said(cosigner, tmp_path, key, monkeypatch):
    """It dies right after it kept the checkpoint: afterwards it knows."""

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("consent_server.witness.cosigning.cosign", die)
    with pytest.raises(KeyboardInterrupt):
        cosigner.add_checkpoint(body(0, 5))
    monkeypatch.undo()
    again = Cosigner(key, (LOG_KEY,), SeenLogs(tmp_path / "witness"), cosigner._clock)

    with pytest.raises(SeenAnother):
        again.add_checkpoint(body(0, 5, kind="b"))
    assert again.add_checkpoint(body(5, 5))


@pytest.mark.parametrize("found", [b"", b"\xff", note(5, origin="else.example").encode()])
def test_a_damaged_memory_signs_nothing_and_tells_no_stranger_why(post, tmp_path, found):
    post(body(0, 5))
    (path,) = (tmp_path / "witness" / "seen").glob("*.checkpoint")
    path.write_bytes(found)

    answer = post(body(5, 6))

    assert (answer.status_code, answer.text) == (500, "out of order\n")


def test_a_key_is_made_once_and_read_by_its_user_alone(tmp_path, key):
    path = tmp_path / "witness" / "key.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert WitnessKey.read(tmp_path / "witness").public == key.public
    with pytest.raises(WitnessUnusable, match="there is a key already"):
        WitnessKey.create(tmp_path / "witness", "other.example")

    path.chmod(0o644)
    with pytest.raises(WitnessUnusable, match="others can read it"):
        WitnessKey.read(tmp_path / "witness")
    path.chmod(0o600)
    for found in (b"", b"{}", b"[]", b'{"name": "a b", "private": "AAAA"}'):
        path.write_bytes(found)
        with pytest.raises(WitnessUnusable, match="is no key of a witness"):
            WitnessKey.read(tmp_path / "witness")
    path.unlink()
    with pytest.raises(WitnessUnusable, match="there is no key"):
        WitnessKey.read(tmp_path / "witness")


def test_a_memory_that_was_lost_cosigns_no_second_history(post, tmp_path):
    post(body(0, 5))
    for path in (tmp_path / "witness" / "seen").iterdir():
        path.unlink()

    assert post(body(0, 5, kind="b")).status_code == 500
    assert post(body(0, 5)).status_code == 500


def test_what_strangers_add_to_a_checkpoint_is_not_kept(post, tmp_path):
    sent = body(0, 5).decode()
    for number in range(50):
        stranger = Ed25519PrivateKey.from_private_bytes(bytes([number + 10]) * 32)
        sent += Checkpoint(ORIGIN, 5, naive_root(leaves(5))).sign(stranger).splitlines()[-1] + "\n"
    assert post(sent.encode()).status_code == 200
    (path,) = (tmp_path / "witness" / "seen").glob("*.checkpoint")
    kept = path.read_text()
    written = path.stat().st_mtime_ns

    assert kept == note(5)
    assert post(body(5, 5)).status_code == 200
    assert path.stat().st_mtime_ns == written  # nothing new: nothing is written


@pytest.mark.parametrize("bind", ["junk", "127.0.0.1:0", "::1:80"])
def test_an_address_that_is_none_is_told_before_anything_is_served(bind, tmp_path):
    logs = tmp_path / "logs"
    logs.write_text(f"log {LOG_KEY.vkey}\nquorum none\n")

    answer = CliRunner().invoke(cli.main, ["witness", "serve", "--logs", str(logs), "--bind", bind])

    assert answer.exit_code == 2
    assert "Invalid value for --bind: must " in answer.stderr
