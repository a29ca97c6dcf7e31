"""A token that was found genuine is known again, and refused as if it had never been seen."""

from datetime import timedelta

import pytest

from consent_server.tokens import KeyRing, issue, known, verify
from consent_server.tokens.known import KnownTokens
from consent_server.tokens.refusals import (
    TokenExpired,
    TokenForeign,
    TokenForged,
    TokenFromTheFuture,
    TokenMalformed,
)
from tests.tokens.samples import EXPIRES, ISSUED, NOW, SITE, a_claims


@pytest.fixture
def token(ring):
    """A token that was verified before."""
    text = issue(a_claims(), ring)
    verify(text, ring, SITE, NOW)
    return text


def test_its_signature_is_verified_once(token, ring, monkeypatch):
    monkeypatch.setattr(
        "itsdangerous.signer.Signer.verify_signature", lambda *_: pytest.fail("verified again")
    )

    assert verify(token, ring, SITE, NOW) == a_claims()


def test_a_revoked_key_is_noticed_here_and_in_another_process(token, ring, other_process):
    verify(token, other_process, SITE, NOW)

    ring.revoke(ring.active.kid, NOW)

    with pytest.raises(TokenForged):
        verify(token, ring, SITE, NOW)
    other_process.refresh()
    with pytest.raises(TokenForged):
        verify(token, other_process, SITE, NOW)


def test_another_ring_does_not_know_it(token, tmp_path, stopwatch):
    stranger = KeyRing.open(tmp_path / "stranger", NOW, stopwatch)

    with pytest.raises(TokenForged):
        verify(token, stranger, SITE, NOW)


def test_site_and_times_are_compared_each_time(token, ring):
    with pytest.raises(TokenForeign):
        verify(token, ring, "another", NOW)
    with pytest.raises(TokenExpired):
        verify(token, ring, SITE, NOW + timedelta(seconds=EXPIRES - NOW.timestamp()))
    with pytest.raises(TokenFromTheFuture):
        verify(token, ring, SITE, NOW - timedelta(seconds=NOW.timestamp() - ISSUED + 61))


def test_another_spelling_of_it_is_not_known(token, ring):
    for respelled in (token + "=", f" {token}", token[:-1] + ("B" if token[-1] != "B" else "C")):
        with pytest.raises((TokenMalformed, TokenForged)):
            verify(respelled, ring, SITE, NOW)


def test_the_oldest_is_forgotten(ring, monkeypatch):
    monkeypatch.setattr(known, "MOST_KNOWN", 2)
    tokens = KnownTokens()

    for text in "abc":
        tokens.keep(text, ring.active, text)

    assert [tokens.claims(text, ring) for text in "abc"] == [None, "b", "c"]
