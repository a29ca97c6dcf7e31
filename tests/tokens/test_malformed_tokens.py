"""Only one form and one spelling is a consent token, even where the signature is genuine."""

import json

import pytest

from consent_server.ledger.canonical import base64url_encode, canonical
from consent_server.tokens import TokenForged, TokenMalformed, inspect, issue, verify
from tests.tokens.samples import (
    EXPIRES,
    ISSUED,
    NOW,
    SITE,
    a_claims,
    a_header,
    a_payload,
    loose,
    signed,
)

#: Headers that a genuine key signed, and why they are refused all the same.
WRONG_HEADERS = [
    ({"alg": "none"}, "algorithm"),
    ({"alg": "HS256"}, "algorithm"),
    ({"alg": "Ed25519"}, "algorithm"),
    ({"alg": "eddsa"}, "algorithm"),
    ({"alg": ["EdDSA"]}, "algorithm"),
    ({"alg": None}, "algorithm"),
    ({"typ": "JWT"}, "type"),
    ({"typ": "application/consent+jwt"}, "type"),
    ({"typ": None}, "type"),
    ({"crit": ["exp"], "exp": 1}, "critical_header"),
    ({"crit": []}, "critical_header"),
    ({"b64": False}, "header_members"),
    ({"jwk": {"kty": "OKP"}}, "header_members"),
    ({"jku": "https://evil.example"}, "header_members"),
    ({"x5c": []}, "header_members"),
    ({"cty": "JWT"}, "header_members"),
    ({"kid": None}, "header_members"),
    ({"kid": 1}, "header_members"),
    ({"kid": "\u00e9"}, "header_not_canonical"),
    ({"kid": "k" * 300}, "header_too_long"),
]


@pytest.mark.parametrize(("changes", "problem"), WRONG_HEADERS)
def test_a_header_with_anything_else_is_malformed(ring, changes, problem):
    token = signed(ring, header=a_header(ring, **changes))

    with pytest.raises(TokenMalformed) as refusal:
        verify(token, ring, SITE, NOW)

    assert refusal.value.evidence() == {"problem": problem}


def test_a_header_that_is_spelled_otherwise_is_malformed(ring):
    ours = json.dumps(a_header(ring), separators=(",", ":"))
    spellings = {
        loose(a_header(ring)): "header_not_canonical",
        ours.replace("EdDSA", "\\u0045dDSA").encode(): "header_not_canonical",
        ours.replace('"typ"', '"alg":"EdDSA","typ"').encode(): "header_duplicate_member",
        ours.replace('"typ"', '"crit":NaN,"typ"').encode(): "header_float",
        b"\xef\xbb\xbf" + ours.encode(): "header_not_json",
        ours.encode("utf-16"): "header_not_json",
        b"[" * 150: "header_not_json",
        b"[]": "header_not_an_object",
        b'"EdDSA"': "header_not_an_object",
    }

    for header, problem in spellings.items():
        with pytest.raises(TokenMalformed) as refusal:
            verify(signed(ring, header=header), ring, SITE, NOW)
        assert refusal.value.problem == problem


#: Payloads that a genuine key signed, and why they are refused all the same.
WRONG_PAYLOADS = [
    (a_payload(sub="somebody"), "claims"),
    (a_payload(nbf=1), "claims"),
    (a_payload(iss=None), "claims"),
    (a_payload(exp=None), "claims"),
    (a_payload(aud=["demo"]), "claim_not_a_text"),
    (a_payload(jti=7), "claim_not_a_text"),
    (a_payload(iat=True), "claim_not_an_instant"),
    (a_payload(exp="1735689600"), "claim_not_an_instant"),
    (a_payload(iat=-1), "claim_not_an_instant"),
    (a_payload(exp=ISSUED), "expires_before_it_is_issued"),
    (a_payload(categories=[]), "categories"),
    (a_payload(categories={"analytics": True}), "category_members"),
    (a_payload(categories={"analytics": {"granted": True}}), "category_members"),
    (a_payload(categories={"analytics": {"granted": True, "at": 1, "n": 1}}), "category_members"),
    (a_payload(categories={"analytics": {"granted": 1, "at": 1}}), "category_types"),
    (a_payload(categories={"analytics": {"granted": "true", "at": 1}}), "category_types"),
    (a_payload(categories={"analytics": {"granted": True, "at": True}}), "category_types"),
    (loose(a_payload()), "payload_not_canonical"),
    (canonical(a_payload()) + b" ", "payload_not_canonical"),
    (canonical(a_payload()).replace(b"demo", b"\\u0064emo"), "payload_not_canonical"),
    (canonical(a_payload()).replace(b"demo", b"\\ud800"), "payload_not_canonical"),
    (loose(a_payload(exp=2**53)), "payload_not_canonical"),
    (canonical(a_payload()).replace(b'"aud"', b'"aud":"x","aud"'), "payload_duplicate_member"),
    (
        canonical(a_payload()).replace(b'{"at"', b'{"granted":true,"at"', 1),
        "payload_duplicate_member",
    ),
    (loose(a_payload(exp=EXPIRES + 0.5)), "payload_float"),
    (loose(a_payload(exp=float("inf"))), "payload_float"),
    (loose(a_payload(iat=1e3)), "payload_float"),
    (b"[" * 2800, "payload_not_json"),
    (b'{"a":' * 500, "payload_not_json"),
    (b"\xff\xfe", "payload_not_json"),
    (b"null", "payload_not_an_object"),
]


@pytest.mark.parametrize(("payload", "problem"), WRONG_PAYLOADS)
def test_a_payload_with_anything_else_is_malformed(ring, payload, problem):
    with pytest.raises(TokenMalformed) as refusal:
        verify(signed(ring, payload=payload), ring, SITE, NOW)

    assert refusal.value.problem == problem


def test_a_genuine_token_longer_than_a_cookie_is_malformed(ring):
    token = signed(ring, payload=a_payload(iss="https://" + "long." * 600))
    assert len(token) > 4096

    with pytest.raises(TokenMalformed) as refusal:
        verify(token, ring, SITE, NOW)

    assert refusal.value.problem == "too_long"


def test_the_payload_is_not_looked_at_before_the_signature(ring):
    header, _, signature = issue(a_claims(), ring).split(".")

    with pytest.raises(TokenForged):
        verify(f"{header}.{base64url_encode(b'[' * 2800)}.{signature}", ring, SITE, NOW)


def respelled(token):
    """The same bytes under other names, as a lenient decoder would take them."""
    header, payload, signature = token.split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place = alphabet.index(signature[-1])
    return {
        f"{token}=": "not_compact_jws",
        f"{token}==": "not_compact_jws",
        f"{token}\n": "not_compact_jws",
        f" {token}": "not_compact_jws",
        f"{token}!!!!": "not_compact_jws",
        f"{header}=.{payload}.{signature}": "not_compact_jws",
        f"{token}.{signature}": "not_compact_jws",
        f"{header}.{payload}": "not_compact_jws",
        f"{header}.{payload}.": "not_compact_jws",
        f"{header}..{signature}": "not_compact_jws",
        header + payload + signature: "not_compact_jws",
        token[:-1] + alphabet[place ^ 1]: "not_canonical_base64url",
        token[:-1]: "signature_length",
        token[:-2]: "signature_length",
        f"{token}AA": "signature_length",
        f"{token}A": "signature_length",
    }


def test_another_spelling_of_a_genuine_token_is_malformed(ring):
    for token, problem in respelled(issue(a_claims(), ring)).items():
        with pytest.raises(TokenMalformed) as refusal:
            verify(token, ring, SITE, NOW)
        assert refusal.value.problem == problem, token


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "\x00",
        "\ud800.\udfff.\ud800",
        "é.é.é",
        "١٢٣.١٢٣.١٢٣",
        "null",
        "Bearer x",
        "[" * 4096,
        "." * 1_000_000,
        "A" * 1_000_000,
        "\ud800" * 1_000_000,
        "A" * 1000 + "." + "A" * 1000 + "." + "A" * 86,
        f"{base64url_encode(b'[' * 190)}.AAAA.{'A' * 86}",
        f"{base64url_encode(b'{' * 190)}.AAAA.{'A' * 86}",
        f"{base64url_encode(b'9' * 190)}.AAAA.{'A' * 86}",
    ],
)
def test_no_text_makes_the_verifier_fail_in_another_way(ring, text):
    with pytest.raises(TokenMalformed):
        verify(text, ring, SITE, NOW)
    with pytest.raises(TokenMalformed):
        inspect(text)
