"""Tree hashes and commitments, against published vectors and the wording of RFC 6962."""

import base64
import hashlib
from typing import Any

import pytest

from consent_server.ledger.canonical import base64url_encode, canonical, digest
from consent_server.ledger.merkle import commit, leaf_hash, node_hash, root

DECISION = {
    "at": "2026-11-22T20:00:00.000Z",
    "cfg": "-cuU0v-aBs5lfclxMkZ8vt389E91FGJf4rQn0Caz1OA",
    "choices": {"ads": False, "analytics": True},
    "rec": "a6f58318-72e6-46a2-bfd7-f36d795e30cd",
    "site": "site-1",
    "type": "given",
}
SUBJECT = {"sub": base64url_encode(b"\x09" * 32)}
COMMITMENTS = {
    "d": base64url_encode(commit("decision", b"\x01" * 32, DECISION)),
    "s": base64url_encode(commit("subject", b"\x02" * 32, SUBJECT)),
}
ENTRIES: list[dict[str, Any]] = [
    {"v": 1, "t": "ar", "k": "config", "n": "site-1/config/1", "h": digest(b"banner-config-1")},
    {"v": 1, "t": "ev", **COMMITMENTS},
    {"v": 1, "t": "er", "i": [1], "p": ["d", "s"], "r": "art17"},
]
LEAVES = [leaf_hash(canonical(entry)) for entry in ENTRIES]


def test_the_commitments_are_those_of_the_published_vector():
    assert commit("decision", b"\x01" * 32, DECISION).hex() == (
        "4f71659631de06de17cd3968596d1ba15db079c29ce12fa71ef66a35e78cc05a"
    )
    assert commit("subject", b"\x02" * 32, SUBJECT).hex() == (
        "d09890dd89b5da507a24c5cbc850a6f459218a7253c46b5399d598ffd1cbf4ac"
    )


def test_the_entries_and_their_leaves_are_those_of_the_published_vector():
    assert canonical(ENTRIES[1]) == (
        b'{"d":"T3FlljHeBt4XzTloWW0boV2wecKc4S-nHvZqNeeMwFo",'
        b'"s":"0JiQ3Ym12lB6JMXLyFCm9FkhinJTxGtTmdWY_9HL9Kw","t":"ev","v":1}'
    )
    assert [leaf.hex() for leaf in LEAVES] == [
        "9e4ded3f6dbcda5a22aaa418e9baa3ee30a75c3ceea96cc02b0c9880bfa34773",
        "20b7b8c0d17033fefbb5873459ebc6a1a1d2a8a82842128cf4d63495bea7befc",
        "34ab0312dbd8d06549fbb53584be11fda15908b2a7dc54b8c2e3a1448ab2af92",
    ]


def test_the_roots_are_those_of_the_published_vector():
    assert root(LEAVES[:2]).hex() == (
        "7aa6a4da25c90f8762fb9ef44c378dd42ce05fa8da4c8c209f086e975b154242"
    )
    assert base64.b64encode(root(LEAVES)) == b"j2X43aT8IiYNR8SQXDnz3mWS/RBW25VH91raB1l03RI="


def test_the_empty_tree_and_the_empty_leaf_hash_as_in_rfc_6962():
    assert root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert root([leaf_hash(b"")]) == leaf_hash(b"")


def naive_root(entries: list[bytes]) -> bytes:
    """The definition of RFC 6962 section 2.1, word by word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    left, right = naive_root(entries[:split]), naive_root(entries[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def test_the_root_equals_the_definition_for_every_size_up_to_300():
    entries = [f"entry {number}".encode() for number in range(300)]

    for size in range(301):
        assert root(map(leaf_hash, entries[:size])) == naive_root(entries[:size])


def test_a_leaf_never_passes_for_a_node():
    left, right = LEAVES[:2]

    assert leaf_hash(left + right) != node_hash(left, right)


def test_one_value_under_two_labels_or_two_keys_gives_different_commitments():
    key, other = b"\x01" * 32, b"\x02" * 32

    assert commit("decision", key, SUBJECT) != commit("subject", key, SUBJECT)
    assert commit("subject", other, SUBJECT) != commit("subject", key, SUBJECT)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_commitment_key_of_another_length_is_refused(length):
    with pytest.raises(ValueError, match="32 bytes"):
        commit("subject", bytes(length), SUBJECT)
