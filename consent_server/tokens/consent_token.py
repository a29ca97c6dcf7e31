"""The consent token: what a visitor decided on one site, signed, verifiable by any JOSE library.

Exactly one text is accepted for one content, so that a token cannot be respelled. Its identity is
``jti`` all the same, never its text.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple

from consent_server.ledger.canonical import (
    NotBase64url,
    NotCanonical,
    base64url_decode,
    base64url_encode,
    canonical,
)
from consent_server.tokens.jws import SIGNATURE_CHARACTERS
from consent_server.tokens.keyring import KeyRing
from consent_server.tokens.known import KnownTokens
from consent_server.tokens.refusals import (
    TokenExpired,
    TokenForeign,
    TokenForged,
    TokenFromTheFuture,
    TokenMalformed,
)

#: Longest accepted token; a cookie holds no more.
LONGEST_TOKEN: Final = 4096
#: Longest accepted header segment; ours has 94 characters.
LONGEST_HEADER: Final = 256
#: Seconds by which the clock that issued may run ahead of the one that verifies.
LEEWAY: Final = 60

_ALGORITHM: Final = "EdDSA"
_TYPE: Final = "consent+jwt"
_TEXTS: Final = ("iss", "aud", "jti", "bundle")
_CLAIMS: Final = {*_TEXTS, "iat", "exp", "categories"}
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)


class Choice(NamedTuple):
    """What was chosen for one category."""

    granted: bool
    #: When the category was asked, seconds since 1970-01-01T00:00:00Z.
    at: int


@dataclass(frozen=True)
class Claims:
    """What a token says. No consent id, no person, no device (GDPR Art. 5(1)(c))."""

    #: Public address of the service.
    iss: str
    #: Public id of the site; the token is worth nothing on another one.
    aud: str
    #: Record id: the identity of the token.
    jti: str
    #: Seconds since 1970-01-01T00:00:00Z; never later than the consent's own expiry.
    iat: int
    exp: int
    #: Hash of the bundle that was shown.
    bundle: str
    #: Every category of the bundle, granted or not.
    categories: Mapping[str, Choice]


def issue(claims: Claims, ring: KeyRing) -> str:
    """Return the signed token; the same claims and key give the same text.

    :raises ValueError: claims that :func:`verify` would refuse, or more than 4096 characters
    """
    key = ring.active
    try:
        members = _payload(claims)
        payload = canonical(members)
        _claims_of(members)
    except (NotCanonical, TokenMalformed) as refusal:
        raise ValueError(f"these claims make no token: {refusal.problem}") from None
    token = key.signer.sign(f"{_header(key.kid)}.{base64url_encode(payload)}").decode()
    if len(token) > LONGEST_TOKEN:
        raise ValueError(f"a token of {len(token)} characters; {LONGEST_TOKEN} are accepted")
    return token


def verify(
    token: str, ring: KeyRing, audience: str, now: datetime, allow_expired: bool = False
) -> Claims:
    """Return what a genuine, valid token of this site says.

    Nothing of the content is looked at before the signature is found genuine.

    :param audience: public id of the site that the token must be for
    :param now: aware
    :param allow_expired: answer for an expired token too, for a check of a past instant
    :raises TokenMalformed: not the one accepted form of a consent token
    :raises TokenForged: not signed by a key in force
    :raises TokenForeign: for another site
    :raises TokenFromTheFuture: issued more than 60 seconds after ``now``
    :raises TokenExpired: ``exp`` has come; carries the claims
    :source: RFC 7515 section 5.2; RFC 8725 sections 3.1, 3.2, 3.9, 3.11
    """
    if now.tzinfo is None:
        raise ValueError("an aware instant is needed")
    claims = _known.claims(token, ring) or _genuine(token, ring)
    if claims.aud != audience:
        raise TokenForeign
    seconds = now.timestamp()
    if claims.iat > seconds + LEEWAY:
        raise TokenFromTheFuture(claims.iat)
    if seconds >= claims.exp and not allow_expired:
        raise TokenExpired(claims)
    return claims


def _genuine(token: str, ring: KeyRing) -> Claims:
    """Return what a token says that a key in force signed, whosever and however old it is."""
    header, payload, signature = _segments(token)
    key = ring.accepted_key(_kid(header))
    if key is None:
        raise TokenForged("unknown_key")
    if not key.verifier.verify_signature(f"{header}.{payload}", signature):
        raise TokenForged("signature")
    claims = _claims(_decoded(payload))
    _known.keep(token, key, claims)
    return claims


_known: KnownTokens[Claims] = KnownTokens()


def inspect(token: str) -> dict[str, Any]:
    """Return what a token claims, **without verifying anything**, for a person to read.

    :returns: ``verified`` (always false), ``notice``, ``header``, ``payload``
    :raises TokenMalformed: there is nothing to read in it
    """
    header, payload, _ = _segments(token)
    return {
        "verified": False,
        "notice": "decoded only: signature, key, site and times were not verified",
        "header": _strict_json(_decoded(header), "header"),
        "payload": _strict_json(_decoded(payload), "payload"),
    }


def _segments(token: str) -> tuple[str, str, str]:
    """Return header, payload and signature of a text that has the one accepted shape."""
    if len(token) > LONGEST_TOKEN:
        raise TokenMalformed("too_long")
    if not _COMPACT.fullmatch(token):
        raise TokenMalformed("not_compact_jws")
    header, payload, signature = token.split(".")
    if len(signature) != SIGNATURE_CHARACTERS:
        raise TokenMalformed("signature_length")
    _decoded(signature)
    return header, payload, signature


def _decoded(segment: str) -> bytes:
    try:
        return base64url_decode(segment)
    except NotBase64url:
        raise TokenMalformed("not_canonical_base64url") from None


@lru_cache(maxsize=64)
def _header(kid: str) -> str:
    """Return the one accepted header segment for a key."""
    header = {"alg": _ALGORITHM, "kid": kid, "typ": _TYPE}
    return base64url_encode(canonical(header))


@lru_cache(maxsize=64)
def _kid(segment: str) -> str:
    """Return the key id in a header segment that has exactly our three members."""
    if len(segment) > LONGEST_HEADER:
        raise TokenMalformed("header_too_long")
    header = _strict_json(_decoded(segment), "header")
    if not isinstance(header, dict):
        raise TokenMalformed("header_not_an_object")
    if header.get("alg") != _ALGORITHM:
        raise TokenMalformed("algorithm")
    if header.get("typ") != _TYPE:
        raise TokenMalformed("type")
    if "crit" in header:
        raise TokenMalformed("critical_header")
    kid = header.get("kid")
    if len(header) != 3 or not isinstance(kid, str):
        raise TokenMalformed("header_members")
    # White space, escapes or another order of members would be a second spelling.
    if not kid.isascii() or _header(kid) != segment:
        raise TokenMalformed("header_not_canonical")
    return kid


def _payload(claims: Claims) -> dict[str, Any]:
    return {
        "iss": claims.iss,
        "aud": claims.aud,
        "jti": claims.jti,
        "iat": claims.iat,
        "exp": claims.exp,
        "bundle": claims.bundle,
        "categories": {
            category: {"granted": granted, "at": at}
            for category, (granted, at) in claims.categories.items()
        },
    }


def _claims(payload: bytes) -> Claims:
    """Return the claims that these bytes spell in the one accepted way."""
    members = _strict_json(payload, "payload")
    claims = _claims_of(members)
    if not _is_canonical(members, payload):
        raise TokenMalformed("payload_not_canonical")
    return claims


def _claims_of(members: Any) -> Claims:
    if not isinstance(members, dict):
        raise TokenMalformed("payload_not_an_object")
    if members.keys() != _CLAIMS:
        raise TokenMalformed("claims")
    if not all(isinstance(members[name], str) and members[name] for name in _TEXTS):
        raise TokenMalformed("claim_not_a_text")
    if not (_is_instant(members["iat"]) and _is_instant(members["exp"])):
        raise TokenMalformed("claim_not_an_instant")
    if members["iat"] >= members["exp"]:
        raise TokenMalformed("expires_before_it_is_issued")
    choices = _choices(members["categories"])
    return Claims(**{**members, "categories": choices})


def _is_canonical(members: dict[str, Any], payload: bytes) -> bool:
    """Whether these bytes are the one accepted spelling of these members."""
    try:
        return canonical(members) == payload
    except NotCanonical:
        return False


def _choices(categories: Any) -> dict[str, Choice]:
    if not isinstance(categories, dict):
        raise TokenMalformed("categories")
    choices = {}
    for category, choice in categories.items():
        if not isinstance(choice, dict) or choice.keys() != {"granted", "at"}:
            raise TokenMalformed("category_members")
        if type(choice["granted"]) is not bool or not _is_instant(choice["at"]):
            raise TokenMalformed("category_types")
        choices[category] = Choice(choice["granted"], choice["at"])
    return choices


def _is_instant(value: Any) -> bool:
    """Whether a value is a whole number of seconds; a boolean is not, although Python says so."""
    return type(value) is int and value >= 0


def _strict_json(data: bytes, part: str) -> Any:
    """Return the JSON value of these bytes, without the liberties that readers differ in."""
    try:
        return _decoder.decode(data.decode())
    except _Liberty as liberty:
        raise TokenMalformed(f"{part}_{liberty}") from None
    except (ValueError, RecursionError):
        raise TokenMalformed(f"{part}_not_json") from None


class _Liberty(ValueError):
    """Something that JSON readers take differently."""


def _once_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise _Liberty("duplicate_member")
    return found


def _no_float(text: str) -> Any:
    raise _Liberty("float")


_decoder = json.JSONDecoder(
    object_pairs_hook=_once_each, parse_float=_no_float, parse_constant=_no_float
)
