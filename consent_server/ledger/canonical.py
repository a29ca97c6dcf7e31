"""One value, one sequence of bytes: restricted RFC 8785 JSON, SHA-256, strict base64url.

Everything that is hashed, committed to or signed passes through here, so these bytes are part of
the public format: a change breaks every proof that was ever given out.
"""

import base64
import binascii
import hashlib
import json
from typing import Any

import orjson

from consent_server.errors import ConsentError

#: Largest integer that every JSON reader keeps exactly (2^53 - 1).
LARGEST_INTEGER = 2**53 - 1
#: Deepest nesting of arrays and objects; a bundle needs less than 10.
DEEPEST_NESTING = 64

URL_SAFE = bytes.maketrans(b"+/", b"-_")
SORTED = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode


class NotCanonical(ConsentError):
    """The value has no canonical form: it holds something outside the restricted profile."""

    status = 422
    reason = "not_canonical"

    def __init__(self, problem: str, path: str = "$"):
        super().__init__(f"{problem} at {path}")
        #: What is wrong, without the offending value.
        self.problem = problem
        #: Where, from the root ``$``: ``$.categories[2].since``.
        self.path = path


class NotBase64url(ConsentError):
    """The text is not the one accepted base64url spelling of any bytes."""

    status = 422
    reason = "not_base64url"


def canonical(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a value: UTF-8, members in UTF-16 order, no white space.

    Strings are kept as they are: RFC 8785 forbids to normalise them, so NFC is up to the caller.

    :param value: dict with str keys, list, tuple, str, bool, None, or int with |n| < 2^53, nested
    :raises NotCanonical: float (NaN too), bytes, any other type, lone surrogate, nested too deeply
    :source: RFC 8785 (JSON Canonicalization Scheme), section 3.2
    """
    if _is_plain(value, DEEPEST_NESTING):
        try:
            return orjson.dumps(value, option=SORTED)
        except orjson.JSONEncodeError:
            pass  # what is wrong with it, and where, is found below
    text = _encode(_ordered(value, DEEPEST_NESTING))
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise NotCanonical("lone surrogate in a string") from None


def likely_canonical(value: Any) -> bytes:
    """Return what :func:`canonical` returns of a value in the profile with names in ASCII, faster.

    Of any other value it returns other bytes, or the same. So it is for comparing with bytes that
    were canonical once: if these are the same, they are canonical; if not, :func:`canonical` tells.

    :raises NotCanonical: not always where the value has no canonical form
    """
    try:
        return orjson.dumps(value, option=SORTED)
    except orjson.JSONEncodeError:
        return canonical(value)


def digest(data: bytes) -> str:
    """Return the SHA-256 of bytes as base64url without padding, 43 characters."""
    return base64url_encode(hashlib.sha256(data).digest())


def base64url_encode(data: bytes) -> str:
    """Return bytes as base64url without padding (RFC 4648 section 5)."""
    return binascii.b2a_base64(data, newline=False).translate(URL_SAFE, b"=").decode("ascii")


def base64url_decode(text: str) -> bytes:
    """Return the bytes that encode to exactly this text.

    :raises NotBase64url: padding, another alphabet, white space, or unused bits that are not zero:
        each would give one value several names
    :source: RFC 4648 sections 3.3 and 3.5; RFC 7515 section 2
    """
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise NotBase64url("not base64url without padding") from None
    if base64url_encode(data) != text:
        raise NotBase64url("not the canonical spelling of its bytes")
    return data


def _is_plain(value: Any, levels: int) -> bool:
    """Whether orjson writes the value in canonical form, in a fifth of the time: nearly always.

    It takes more types than the profile has, and orders names by UTF-8, which is another order than
    that of RFC 8785 beyond ASCII.
    """
    kind = type(value)
    if kind in PLAIN or levels == 0:
        return kind in PLAIN
    if kind is list:
        return all(type(item) in PLAIN or _is_plain(item, levels - 1) for item in value)
    if kind is not dict:
        return False
    for name, item in value.items():
        if type(name) is not str or not name.isascii():
            return False
        if type(item) not in PLAIN and not _is_plain(item, levels - 1):
            return False
    return True


#: Each of their values is in the profile, or refused by orjson.
PLAIN = frozenset({str, int, bool, type(None)})


def _ordered(value: Any, levels: int) -> Any:
    """Return the value with members in canonical order, after checking every part of it."""
    if isinstance(value, str) or value is None or value is True or value is False:
        return value
    if isinstance(value, int):
        if -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            return value
        raise NotCanonical("integer beyond 2^53 - 1")
    if not isinstance(value, dict | list | tuple):
        raise NotCanonical(f"{type(value).__name__} is not allowed")
    if levels == 0:
        raise NotCanonical(f"more than {DEEPEST_NESTING} levels")
    if isinstance(value, dict):
        return {key: _member(value, key, levels) for key in sorted(value, key=_code_units)}
    return [_member(value, at, levels) for at in range(len(value))]


def _member(container: Any, at: str | int, levels: int) -> Any:
    """Return one part of an array or object in order; a refusal learns the way to it."""
    try:
        return _ordered(container[at], levels - 1)
    except NotCanonical as refusal:
        step = f".{at}" if isinstance(at, str) else f"[{at}]"
        raise NotCanonical(refusal.problem, "$" + step + refusal.path[1:]) from None


def _code_units(name: Any) -> bytes:
    """Return the sort key of a member name: its UTF-16 code units, most significant byte first."""
    if not isinstance(name, str):
        raise NotCanonical(f"member name of type {type(name).__name__}")
    try:
        return name.encode("utf-16-be")
    except UnicodeEncodeError:
        raise NotCanonical("lone surrogate in a member name") from None
