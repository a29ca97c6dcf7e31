"""Canonical JSON, digests and base64url: one value, one spelling."""

import hashlib
import math
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as some

from consent_server.ledger.canonical import (
    DEEPEST_NESTING,
    LARGEST_INTEGER,
    NotBase64url,
    NotCanonical,
    base64url_decode,
    base64url_encode,
    canonical,
    digest,
)

TEXTS = some.text(some.characters(exclude_categories=["Cs"]), max_size=8)
INTEGERS = some.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
VALUES = some.recursive(
    some.none() | some.booleans() | INTEGERS | TEXTS,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(TEXTS, inner, max_size=6),
    max_leaves=20,
)


@given(VALUES)
def test_every_value_of_the_profile_has_the_bytes_of_the_reference_implementation(value):
    assert canonical(value) == rfc8785.dumps(value)


def test_members_are_ordered_by_utf16_code_units_and_not_by_code_points():
    # U+1F600 is D83D DE00 in UTF-16, before U+FB33, although its code point is larger.
    # The names are those of RFC 8785 section 3.2.3.
    names = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\x80": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }

    written = canonical(names).decode()

    in_order = ["Carriage Return", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]
    places = [written.index(word) for word in in_order]
    assert places == sorted(places)


def test_characters_are_escaped_as_rfc_8785_says():
    assert canonical('\b\t\n\f\r\x00\x1f\x7f"\\/é\u2028') == (
        b'"\\b\\t\\n\\f\\r\\u0000\\u001f\x7f\\"\\\\/' + "é\u2028".encode() + b'"'
    )


def test_a_text_is_not_normalised():
    assert canonical("e\u0301") != canonical("\u00e9")


def test_a_tuple_is_written_as_an_array():
    assert canonical((1, (True,))) == b"[1,[true]]"


def cyclic() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (1.0, "$"),
        (math.nan, "$"),
        ({"a": {"b": [1, 2.5]}}, "$.a.b[1]"),
        ([2**53], "$[0]"),
        (-(2**53), "$"),
        ({"a": b"bytes"}, "$.a"),
        ({"a": {1, 2}}, "$.a"),
        ({1: "number"}, "$"),
        ({None: "nothing"}, "$"),
        ({True: "boolean"}, "$"),
        ("\ud800", "$"),
        ({"\udfff": 1}, "$"),
        (object(), "$"),
        (cyclic(), "$" + "[0]" * DEEPEST_NESTING),
    ],
)
def test_what_has_no_canonical_form_is_refused_and_the_place_is_named(value, path):
    with pytest.raises(NotCanonical) as refusal:
        canonical(value)

    assert refusal.value.path == path


def test_the_largest_integers_are_written():
    assert canonical([LARGEST_INTEGER, -LARGEST_INTEGER]) == b"[9007199254740991,-9007199254740991]"


@given(some.binary(max_size=64))
def test_base64url_returns_the_bytes_it_was_made_from(data):
    assert base64url_decode(base64url_encode(data)) == data


@given(some.text("AQgw-_+/= \nz", max_size=8))
def test_base64url_accepts_one_spelling_only(text):
    try:
        data = base64url_decode(text)
    except NotBase64url:
        return
    assert base64url_encode(data) == text


@pytest.mark.parametrize(
    "text",
    [
        "AA==",
        "AB",
        "AAB",
        "A",
        "AAAAA",
        "+/8",
        "AA AA",
        "AAAA\n",
        "AA!AA",
        "é",
        "\ud800",
        "=",
        "AAAA!!!!",
    ],
)
def test_another_spelling_of_the_same_bytes_is_refused(text):
    with pytest.raises(NotBase64url):
        base64url_decode(text)


def test_a_digest_is_sha256_in_43_characters():
    assert digest(b"banner-config-1") == "-cuU0v-aBs5lfclxMkZ8vt389E91FGJf4rQn0Caz1OA"
    assert base64url_decode(digest(b"")) == hashlib.sha256(b"").digest()
