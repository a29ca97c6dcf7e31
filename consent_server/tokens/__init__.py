"""Consent tokens: keys, signatures, the token itself and the published keys. No HTTP, no SQL."""

from consent_server.tokens.consent_token import Choice, Claims, inspect, issue, verify
from consent_server.tokens.jwks import jwks, public_keys
from consent_server.tokens.keyring import KeyRing
from consent_server.tokens.keys import KeyState, KeyUnknown, TokenKey
from consent_server.tokens.refusals import (
    TokenExpired,
    TokenForeign,
    TokenForged,
    TokenFromTheFuture,
    TokenMalformed,
    TokenRefused,
)
from consent_server.tokens.ringfile import KeyRingUnusable

__all__ = [
    "Choice",
    "Claims",
    "KeyRing",
    "KeyRingUnusable",
    "KeyState",
    "KeyUnknown",
    "TokenExpired",
    "TokenForeign",
    "TokenForged",
    "TokenFromTheFuture",
    "TokenKey",
    "TokenMalformed",
    "TokenRefused",
    "inspect",
    "issue",
    "jwks",
    "public_keys",
    "verify",
]
