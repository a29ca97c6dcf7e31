"""The strict JSON reader: one text, one meaning, or a refusal.

A lenient reader answers some malformed bodies with a 500 (deep nesting), reads others differently
from the next reader (duplicate keys), and passes text that one database stores and the other
refuses (NUL). This one is the only way a body comes in.
"""

import json
import re
import unicodedata
from typing import Any, NoReturn

from consent_server.errors import ConsentError

#: Deepest nesting of arrays and objects.
DEEPEST_NESTING = 8
#: Largest integer that every JSON reader keeps exactly (2^53 - 1).
LARGEST_INTEGER = 2**53 - 1
#: C0 and C1 controls, bidirectional controls, byte order mark, line and paragraph separators.
FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


class JsonRefused(ConsentError):
    """The body is not JSON that every reader understands in the same way."""

    reason = "json_malformed"

    def __init__(self, problem: str):
        super().__init__(f"the body is not acceptable JSON: {problem}")
        #: What is wrong, without repeating the body.
        self.problem = problem


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a request body holds.

    :param body: UTF-8 without byte order mark; at most 8 levels deep; integers within 2^53, no
        other numbers; no duplicate keys; strings in NFC without control or bidi characters
    :raises JsonRefused: anything else
    :source: RFC 8259; RFC 7493 (I-JSON)
    """
    # Each level begins with a bracket: with so few of them nothing has to be counted.
    is_flat = body.count(b"{") + body.count(b"[") <= DEEPEST_NESTING
    if not is_flat and _nesting(body) > DEEPEST_NESTING:
        raise JsonRefused(f"nested more than {DEEPEST_NESTING} levels")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise JsonRefused("not UTF-8") from None
    if text.startswith("\ufeff"):
        raise JsonRefused("byte order mark")
    try:
        value = _decoder.decode(text)
    except json.JSONDecodeError as error:
        raise JsonRefused(f"{error.msg.lower()} at character {error.pos}") from None
    if not isinstance(value, dict):
        raise JsonRefused("the top level must be an object")
    # ASCII without escapes and controls: each string is a part of the text, and as good as it.
    if not text.isascii() or "\\" in text or FORBIDDEN.search(text):
        _check_strings(value)
    return value


def _nesting(body: bytes) -> int:
    """Count levels outside strings before anything is parsed, so that depth costs no stack."""
    depth = deepest = 0
    in_string = is_escaped = False
    for byte in body:
        if in_string:
            if is_escaped:
                is_escaped = False
            elif byte == 0x5C:
                is_escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _refuse_number(_text: str) -> NoReturn:
    raise JsonRefused("numbers must be integers")


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > LARGEST_INTEGER:
        raise JsonRefused("integer beyond 2^53")
    return int(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise JsonRefused("duplicate key in an object")
    return value


_decoder = json.JSONDecoder(
    parse_float=_refuse_number,
    parse_constant=_refuse_number,
    parse_int=_integer,
    object_pairs_hook=_object,
)


def _check_strings(value: Any) -> None:
    if isinstance(value, str):
        if FORBIDDEN.search(value):
            raise JsonRefused("control or bidirectional character in a string")
        if not unicodedata.is_normalized("NFC", value):
            raise JsonRefused("a string is not in Unicode NFC")
    elif isinstance(value, dict):
        for key, member in value.items():
            _check_strings(key)
            _check_strings(member)
    elif isinstance(value, list):
        for member in value:
            _check_strings(member)
