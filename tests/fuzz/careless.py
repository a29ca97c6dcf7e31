"""Verifiers that leave one thing out. Each of them has to be fooled, or the texts test nothing."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from itsdangerous import BadData
from itsdangerous.encoding import base64_decode

from consent_server.tokens import KeyRing, TokenForeign, TokenRefused, verify
from tests.fuzz.tokens import ORDER
from tests.tokens.samples import NOW, SITE


def _said(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes, str]:
    """Return header, payload and signature, read as most programs do, and what is signed."""
    header, payload, signature = token.split(".")
    said = [json.loads(base64_decode(part)) for part in (header, payload)]
    return said[0], said[1], base64_decode(signature), f"{header}.{payload}"


def _is_signed(public: bytes, signature: bytes, covered: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, covered.encode())
    except InvalidSignature:
        return False
    return True


def without_signature(token: str, _ring: KeyRing) -> bool:
    """Reads the claims and nothing else."""
    return bool(_said(token)[1]["aud"] == SITE)


def with_a_lenient_decoder(token: str, ring: KeyRing) -> bool:
    """Takes every spelling of the bytes that were signed (itsdangerous alone does)."""
    text = ring.active.verifier.unsign(token)
    return bool(json.loads(base64_decode(text.split(b".")[1]))["aud"] == SITE)


def with_the_algorithm_of_the_header(token: str, ring: KeyRing) -> bool:
    """RFC 8725 section 2.1: ``none``, and HMAC by the key that is public."""
    header, _, signature, covered = _said(token)
    mac = hmac.digest(ring.active.public, covered.encode(), hashlib.sha256)
    return header["alg"] == "none" or (header["alg"] == "HS256" and mac == signature)


def with_the_key_of_the_header(token: str, _ring: KeyRing) -> bool:
    """RFC 8725 section 3.8: a key that the token brings along."""
    header, _, signature, covered = _said(token)
    return _is_signed(base64_decode(header["jwk"]["x"]), signature, covered)


def with_revoked_keys(token: str, ring: KeyRing) -> bool:
    """Forgets that a key was revoked."""
    header, _, signature, covered = _said(token)
    keys = [key for key in ring.token_keys() if key.kid == header["kid"] and not key.is_accepted]
    return any(_is_signed(key.public, signature, covered) for key in keys)


def with_any_json(token: str, ring: KeyRing) -> bool:
    """Asks for the signature, and reads the JSON as it comes."""
    header, claims, signature, covered = _said(token)
    key = ring.accepted_key(header["kid"])
    is_genuine = key is not None and _is_signed(key.public, signature, covered)
    return bool(is_genuine and claims["aud"] == SITE and claims["exp"] > NOW.timestamp())


def with_any_audience(token: str, ring: KeyRing) -> bool:
    """Believes what was issued for another site."""
    try:
        verify(token, ring, SITE, NOW)
    except TokenForeign:
        return True
    except TokenRefused:
        return False
    return True


def with_any_number(token: str, ring: KeyRing) -> bool:
    """RFC 8032 section 5.1.7: does not ask whether S is below the order of the group."""
    *_, signature, covered = _said(token)
    number = int.from_bytes(signature[32:], "little") % ORDER
    return _is_signed(ring.active.public, signature[:32] + number.to_bytes(32, "little"), covered)


CARELESS: list[Callable[[str, KeyRing], bool]] = [
    without_signature,
    with_a_lenient_decoder,
    with_the_algorithm_of_the_header,
    with_the_key_of_the_header,
    with_revoked_keys,
    with_any_json,
    with_any_audience,
    with_any_number,
]


def is_fooled(verifier: Callable[[str, KeyRing], bool], token: str, ring: KeyRing) -> bool:
    """Whether a careless verifier believes a text; what it cannot read it does not believe."""
    try:
        return verifier(token, ring)
    except (BadData, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
