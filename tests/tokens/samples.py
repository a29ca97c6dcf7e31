"""Claims and tokens for tests: good ones, and wrong ones with a genuine signature."""

import dataclasses
import json
from datetime import UTC, datetime

from consent_server.ledger.canonical import base64url_encode, canonical
from consent_server.tokens import Choice, Claims, KeyRing, TokenRefused, issue, verify

#: When the tokens are verified.
NOW = datetime(2024, 3, 1, 12, 0, 0, tzinfo=UTC)
ISSUED = int(NOW.timestamp()) - 3600
#: Later than the clock of any machine that runs the tests: PyJWT takes no other clock than that.
EXPIRES = int(datetime(2099, 1, 1, tzinfo=UTC).timestamp())
SITE = "demo"
ISSUER = "https://consent.example"


def a_claims(**changes) -> Claims:
    claims = Claims(
        iss=ISSUER,
        aud=SITE,
        jti="AAAAAAAAAAAAAAAAAAAAAA",
        iat=ISSUED,
        exp=EXPIRES,
        bundle="-cuU0v-aBs5lfclxMkZ8vt389E91FGJf4rQn0Caz1OA",
        categories={
            "necessary": Choice(True, ISSUED),
            "analytics": Choice(True, ISSUED),
            "marketing": Choice(False, ISSUED),
        },
    )
    return dataclasses.replace(claims, **changes)


def a_payload(**changes) -> dict:
    """What stands in the token of :func:`a_claims`; None takes a member away."""
    choices = {
        category: {"granted": choice.granted, "at": choice.at}
        for category, choice in a_claims().categories.items()
    }
    payload = {**dataclasses.asdict(a_claims()), "categories": choices, **changes}
    return {name: value for name, value in payload.items() if value is not None}


def a_header(ring: KeyRing, **changes) -> dict:
    header = {"alg": "EdDSA", "kid": ring.active.kid, "typ": "consent+jwt", **changes}
    return {name: value for name, value in header.items() if value is not None}


def signed(ring: KeyRing, header=None, payload=None) -> str:
    """A token with any header and payload (a value or the bytes), signed by the active key."""
    header = a_header(ring) if header is None else header
    payload = a_payload() if payload is None else payload
    text = ".".join(base64url_encode(as_bytes(part)) for part in (header, payload))
    return ring.active.signer.sign(text).decode()


def as_bytes(part) -> bytes:
    return part if isinstance(part, bytes) else canonical(part)


def loose(value) -> bytes:
    """JSON as other programs write it: white space, members as they come."""
    return json.dumps(value).encode()


def thousand_tokens(ring: KeyRing) -> list[str]:
    """Tokens over three generations of keys, one of them revoked; four in ten are wrong."""
    tokens = []
    kids = []
    for generation in range(3):
        kids.append(ring.active.kid)
        tokens += [_nth(ring, number) for number in range(generation, 1000, 3)]
        ring.rotate(NOW)
    ring.revoke(kids[1], NOW)
    return tokens


def _nth(ring: KeyRing, number: int) -> str:
    claims = a_claims(
        jti=base64url_encode(number.to_bytes(16, "big")),
        categories={
            f"category-{place}": Choice(bool(number >> place & 1), ISSUED) for place in range(8)
        },
    )
    match number % 10:
        case 6:
            return issue(dataclasses.replace(claims, exp=ISSUED + 1), ring)
        case 7:
            return issue(dataclasses.replace(claims, aud="other"), ring)
        case 8:
            token = issue(claims, ring)
            return token[:-20] + ("A" if token[-20] != "A" else "B") + token[-19:]
        case 9:
            return signed(ring, header=a_header(ring, kid="unknown"))
    return issue(claims, ring)


def our_verdicts(tokens: list[str], ring: KeyRing) -> list[bool]:
    """Whether our own verifier believes each of them."""

    def is_believed(token):
        try:
            return verify(token, ring, SITE, NOW).aud == SITE
        except TokenRefused:
            return False

    return [is_believed(token) for token in tokens]
