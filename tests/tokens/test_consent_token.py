"""The consent token: what it says, when it is believed, and why it is not."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from consent_server.ledger.canonical import base64url_decode, base64url_encode, canonical
from consent_server.tokens import (
    Choice,
    TokenExpired,
    TokenForeign,
    TokenForged,
    TokenFromTheFuture,
    TokenMalformed,
    TokenRefused,
    inspect,
    issue,
    verify,
)
from tests.tokens.samples import (
    EXPIRES,
    ISSUED,
    NOW,
    SITE,
    a_claims,
    a_header,
    a_payload,
    signed,
)


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def test_a_token_says_what_was_issued(ring):
    assert verify(issue(a_claims(), ring), ring, SITE, NOW) == a_claims()


def test_the_same_claims_and_key_give_the_same_text(ring, other_process):
    assert issue(a_claims(), ring) == issue(a_claims(), other_process)


def test_a_token_holds_three_header_members_and_the_claims_of_the_allow_list(ring):
    header, payload, _ = issue(a_claims(), ring).split(".")

    assert base64url_decode(header) == canonical(
        {"alg": "EdDSA", "kid": ring.active.kid, "typ": "consent+jwt"}
    )
    assert json.loads(base64url_decode(payload)) == {
        "iss": "https://consent.example",
        "aud": "demo",
        "jti": "AAAAAAAAAAAAAAAAAAAAAA",
        "iat": ISSUED,
        "exp": EXPIRES,
        "bundle": "-cuU0v-aBs5lfclxMkZ8vt389E91FGJf4rQn0Caz1OA",
        "categories": {
            "necessary": {"granted": True, "at": ISSUED},
            "analytics": {"granted": True, "at": ISSUED},
            "marketing": {"granted": False, "at": ISSUED},
        },
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": ISSUED},
        {"iat": 1.5},
        {"iat": True},
        {"aud": ""},
        {"jti": None},
        {"categories": {"analytics": (1, ISSUED)}},
        {"categories": {"analytics": (True, False)}},
        {"iss": "https://" + "long." * 700},
    ],
)
def test_claims_that_would_be_refused_are_not_issued(ring, changes):
    with pytest.raises(ValueError):
        issue(a_claims(**changes), ring)


def test_a_site_with_the_most_categories_still_gets_a_token(ring):
    categories = {f"a-long-category-name-{number:02}": Choice(True, ISSUED) for number in range(32)}

    token = issue(a_claims(categories=categories), ring)

    assert verify(token, ring, SITE, NOW).categories == categories


def test_a_token_of_an_unknown_key_is_forged(ring):
    with pytest.raises(TokenForged) as refusal:
        verify(signed(ring, header=a_header(ring, kid="unknown")), ring, SITE, NOW)

    assert refusal.value.evidence() == {"problem": "unknown_key"}


def test_a_token_with_the_signature_of_another_one_is_forged(ring):
    refused = issue(a_claims(categories={"analytics": Choice(False, ISSUED)}), ring)
    granted = issue(a_claims(), ring)

    with pytest.raises(TokenForged) as refusal:
        verify(granted.rpartition(".")[0] + "." + refused.rpartition(".")[2], ring, SITE, NOW)

    assert refusal.value.evidence() == {"problem": "signature"}


def test_the_public_key_does_not_serve_as_an_hmac_secret(ring):
    text = ".".join(
        base64url_encode(canonical(part)) for part in (a_header(ring, alg="HS256"), a_payload())
    )
    mac = hmac.digest(ring.active.public, text.encode(), hashlib.sha256)

    with pytest.raises(TokenRefused):
        verify(f"{text}.{base64url_encode(mac)}", ring, SITE, NOW)
    with pytest.raises(TokenMalformed) as refusal:
        verify(f"{text}.{base64url_encode(mac * 2)}", ring, SITE, NOW)
    assert refusal.value.problem == "algorithm"


def test_a_token_is_worth_nothing_on_any_other_site(ring):
    sites = [f"site-{number:02}" for number in range(20)]
    tokens = {site: issue(a_claims(aud=site), ring) for site in sites}

    for asked in sites:
        assert verify(tokens[asked], ring, asked, NOW).aud == asked
        for foreign in set(sites) - {asked}:
            with pytest.raises(TokenForeign):
                verify(tokens[foreign], ring, asked, NOW)


def test_the_refusal_of_a_foreign_token_does_not_name_the_other_site(ring):
    with pytest.raises(TokenForeign) as refusal:
        verify(issue(a_claims(aud="neighbour"), ring), ring, SITE, NOW)

    assert "neighbour" not in f"{refusal.value} {refusal.value.evidence()}"


def test_a_token_ends_at_the_very_instant_of_its_expiry(ring):
    token = issue(a_claims(), ring)

    assert verify(token, ring, SITE, at(EXPIRES) - timedelta(milliseconds=1)) == a_claims()
    with pytest.raises(TokenExpired) as refusal:
        verify(token, ring, SITE, at(EXPIRES))
    assert refusal.value.claims == a_claims()
    assert refusal.value.evidence() == {"expired_at": EXPIRES}


def test_an_expired_token_is_read_when_the_past_is_asked_for(ring):
    token = issue(a_claims(), ring)

    assert verify(token, ring, SITE, at(EXPIRES + 1), allow_expired=True) == a_claims()


def test_a_clock_that_is_a_minute_behind_refuses_nothing(ring):
    token = issue(a_claims(), ring)

    for behind in (0, 1, 59, 60):
        assert verify(token, ring, SITE, at(ISSUED - behind)) == a_claims()


@pytest.mark.parametrize("allow_expired", [False, True])
def test_a_token_from_more_than_a_minute_ahead_is_refused(ring, allow_expired):
    with pytest.raises(TokenFromTheFuture) as refusal:
        verify(issue(a_claims(), ring), ring, SITE, at(ISSUED - 60.001), allow_expired)

    assert refusal.value.evidence() == {"issued_at": ISSUED}


def test_every_refusal_has_a_reason_of_its_own():
    family = [TokenMalformed, TokenForged, TokenForeign, TokenExpired, TokenFromTheFuture]

    assert [refusal.reason for refusal in family] == [
        "token_malformed",
        "token_forged",
        "token_foreign",
        "token_expired",
        "token_from_the_future",
    ]
    assert all(issubclass(refusal, TokenRefused) for refusal in family)


def test_a_naive_clock_is_a_mistake_of_the_caller(ring):
    with pytest.raises(ValueError, match="aware"):
        verify(issue(a_claims(), ring), ring, SITE, NOW.replace(tzinfo=None))


def test_inspecting_shows_the_content_and_says_that_nothing_was_verified(ring):
    header, payload, signature = issue(a_claims(), ring).split(".")
    forged = f"{header}.{payload}.{signature[:20]}AAAA{signature[24:]}"

    shown = inspect(forged)

    assert shown["verified"] is False
    assert "not verified" in shown["notice"]
    assert shown["header"] == a_header(ring)
    assert shown["payload"] == a_payload()
