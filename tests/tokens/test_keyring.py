"""The key ring: rotation and revocation, in this process and in every other one."""

import base64
import hashlib
import hmac
import logging
import threading
from datetime import timedelta

import pytest

from consent_server.ledger.canonical import base64url_decode, base64url_encode
from consent_server.tokens import (
    KeyState,
    KeyUnknown,
    TokenForged,
    issue,
    jwks,
    public_keys,
    verify,
)
from consent_server.tokens.keyring import LOOK_EVERY
from consent_server.tokens.keys import TokenKey
from tests.tokens.samples import NOW, SITE, a_claims, a_header, signed

LATER = NOW + timedelta(days=90)


def states(ring):
    return [key.state.value for key in ring.token_keys()]


def believes(ring, token):
    try:
        return verify(token, ring, SITE, NOW) == a_claims()
    except TokenForged:
        return False


def test_a_new_ring_has_a_key_that_signs_and_a_key_that_will(ring):
    assert states(ring) == ["active", "next"]
    assert ring.revision == 1
    assert [key.created for key in ring.token_keys()] == [NOW, NOW]


def test_a_key_id_is_the_beginning_of_the_rfc_7638_thumbprint(ring):
    for jwk in public_keys(ring):
        members = f'{{"crv":"Ed25519","kty":"OKP","x":"{jwk["x"]}"}}'.encode()
        thumbprint = base64.urlsafe_b64encode(hashlib.sha256(members).digest()).decode()
        assert thumbprint.startswith(jwk["kid"])
        assert len(jwk["kid"]) == 16


def test_no_command_line_takes_a_key_id_for_an_option():
    kids = {TokenKey.generate(KeyState.NEXT, NOW).kid for _ in range(800)}

    assert len(kids) == 800
    assert not any(kid.startswith("-") for kid in kids)


def test_the_published_keys_are_plain_jwks_in_a_stable_order(ring, other_process):
    ring.rotate(LATER)

    keys = jwks(ring)["keys"]

    assert [key["kid"] for key in keys] == [key.kid for key in ring.token_keys()]
    assert all(set(key) == {"kty", "crv", "x", "kid", "alg", "use"} for key in keys)
    assert {(key["kty"], key["crv"], key["alg"], key["use"]) for key in keys} == {
        ("OKP", "Ed25519", "EdDSA", "sig")
    }
    other_process._looked = -LOOK_EVERY
    assert jwks(other_process) == jwks(ring)


def test_rotation_puts_the_next_key_to_work_and_keeps_the_old_tokens_valid(ring):
    token, before = issue(a_claims(), ring), ring.token_keys()

    ring.rotate(LATER)

    assert states(ring) == ["verify-only", "active", "next"]
    assert ring.active.kid == before[1].kid
    assert [key.since for key in ring.token_keys()] == [LATER] * 3
    assert ring.active.created == NOW
    assert believes(ring, token)
    assert believes(ring, issue(a_claims(), ring))


def test_a_retired_key_loses_its_private_half(ring, tmp_path):
    seed = base64url_encode(ring.active.seed.reveal())
    assert seed in (tmp_path / "data/keys/ring.json").read_text()

    ring.rotate(LATER)

    assert ring.token_keys()[0].seed is None
    assert seed not in (tmp_path / "data/keys/ring.json").read_text()
    with pytest.raises(ValueError, match="signs nothing"):
        _ = ring.token_keys()[0].signer


def test_a_hundred_rotations_refuse_no_good_token_and_always_sign_with_the_newest_key(
    ring, other_process
):
    tokens = []
    for _ in range(100):
        tokens.append(issue(a_claims(), ring))
        ring.rotate(LATER)
        assert believes(other_process, issue(a_claims(), ring))

    assert all(believes(ring, token) for token in tokens)
    assert states(ring) == ["verify-only"] * 100 + ["active", "next"]


def test_a_revoked_key_is_believed_no_more_and_published_no_more(ring):
    token, kid = issue(a_claims(), ring), ring.active.kid
    ring.rotate(LATER)

    ring.revoke(kid, LATER)

    assert states(ring) == ["revoked", "active", "next"]
    assert not believes(ring, token)
    assert kid not in [key["kid"] for key in public_keys(ring)]


def test_revoking_the_active_key_puts_the_next_one_to_work(ring):
    active, following = ring.token_keys()
    token = issue(a_claims(), ring)

    ring.revoke(active.kid, LATER)

    assert states(ring) == ["revoked", "active", "next"]
    assert ring.active.kid == following.kid
    assert not believes(ring, token)


def test_revoking_the_next_key_makes_another_one(ring):
    active, following = ring.token_keys()

    ring.revoke(following.kid, LATER)

    assert states(ring) == ["active", "revoked", "next"]
    assert ring.active.kid == active.kid


def test_revoking_an_unknown_key_changes_nothing(ring):
    with pytest.raises(KeyUnknown):
        ring.revoke("unknown", LATER)

    assert (ring.revision, states(ring)) == (1, ["active", "next"])


def test_a_token_signed_by_the_next_key_is_forged_until_that_key_is_at_work(ring):
    following = ring.token_keys()[1]
    text = signed(ring, header=a_header(ring, kid=following.kid)).rpartition(".")[0]
    token = following.signer.sign(text).decode()
    assert not believes(ring, token)

    ring.rotate(LATER)

    assert believes(ring, token)


def test_a_process_believes_a_key_that_another_one_put_to_work_a_moment_ago(ring, other_process):
    ring.rotate(LATER)
    ring.rotate(LATER)

    assert believes(other_process, issue(a_claims(), ring))


def test_a_running_process_follows_a_rotation_within_a_second(ring, other_process, stopwatch):
    before = ring.active.kid
    other_process.rotate(LATER)

    stopwatch.seconds = LOOK_EVERY - 0.001
    assert ring.active.kid == before
    stopwatch.seconds = LOOK_EVERY
    assert ring.active.kid == other_process.active.kid


def test_a_running_process_follows_a_revocation_within_a_second(ring, other_process, stopwatch):
    token = issue(a_claims(), ring)
    other_process.revoke(ring.active.kid, LATER)

    stopwatch.seconds = LOOK_EVERY

    assert not believes(ring, token)


def test_the_file_is_read_only_when_it_changed(ring, stopwatch, monkeypatch):
    monkeypatch.setattr(ring._file, "read", lambda: pytest.fail("read again"))

    for second in range(10):
        stopwatch.seconds = second
        assert ring.accepted_key("unknown") is None


def test_rotations_from_many_threads_all_happen_and_no_reader_stumbles(ring, other_process):
    token = issue(a_claims(), ring)
    wrong = []

    def read():
        for _ in range(200):
            if not believes(other_process, token) or not believes(ring, issue(a_claims(), ring)):
                wrong.append(1)

    def write():
        for _ in range(5):
            other_process.rotate(LATER)

    threads = [threading.Thread(target=work) for work in (read, read, write, write, write)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert other_process.revision == 16
    assert states(other_process) == ["verify-only"] * 15 + ["active", "next"]


def test_a_file_that_breaks_while_running_keeps_the_last_good_keys_and_is_reported(
    ring, tmp_path, stopwatch, caplog
):
    token = issue(a_claims(), ring)
    path = tmp_path / "data/keys/ring.json"
    good = path.read_bytes()

    path.write_text("{")
    for second in (1, 2, 3):
        stopwatch.seconds = second
        assert believes(ring, token)
    assert "not a key ring" in ring.problem
    assert [record.levelno for record in caplog.records] == [logging.ERROR]

    path.unlink()
    stopwatch.seconds = 4
    assert believes(ring, token)
    assert "No such file" in ring.problem

    path.touch(mode=0o600)
    path.write_bytes(good)
    stopwatch.seconds = 5
    assert believes(ring, token)
    assert ring.problem is None


def test_a_subject_is_the_keyed_hash_of_site_and_consent_id(ring):
    key = ring._keys.subject.reveal()
    mac = hmac.new(key, b"demo\x00AAAAAAAAAAAAAAAAAAAAAA", hashlib.sha256)

    subject = ring.subject("demo", "AAAAAAAAAAAAAAAAAAAAAA")

    assert base64url_decode(subject) == mac.digest()
    assert len(subject) == 43


def test_a_subject_differs_on_every_site_and_outlives_rotations(ring, other_process):
    first = ring.subject("demo", "A" * 22)
    ring.rotate(LATER)

    assert ring.subject("demo", "A" * 22) == first
    assert other_process.subject("demo", "A" * 22) == first
    assert len({first, ring.subject("shop", "A" * 22), ring.subject("demo", "B" * 21 + "A")}) == 3


def test_only_keys_with_work_to_do_hold_a_private_half(ring):
    ring.rotate(LATER)
    ring.revoke(ring.token_keys()[0].kid, LATER)
    ring.rotate(LATER)

    holding = {key.state for key in ring.token_keys() if key.seed}

    assert holding == {KeyState.ACTIVE, KeyState.NEXT}
