"""Entries: the bytes of the published vector, and nothing else that reads as one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from consent_server.ledger.canonical import canonical, digest
from consent_server.ledger.entries import (
    MOST_INDEXES,
    Artifact,
    EntryInvalid,
    Event,
    Tombstone,
    decode,
    encode,
)
from consent_server.ledger.merkle import commit
from consent_server.ledger.tiles import LARGEST_ENTRY
from tests.ledger.test_merkle import DECISION, ENTRIES, SUBJECT

EVENT = Event(commit("decision", b"\1" * 32, DECISION), commit("subject", b"\2" * 32, SUBJECT))
ARTIFACT = Artifact("config", "site-1/config/1", digest(b"banner-config-1"))
TOMBSTONE = Tombstone((1,), ("d", "s"), "art17")


def test_the_entries_are_those_of_the_published_vector():
    assert [encode(entry) for entry in (ARTIFACT, EVENT, TOMBSTONE)] == [
        canonical(entry) for entry in ENTRIES
    ]
    assert [decode(canonical(entry)) for entry in ENTRIES] == [ARTIFACT, EVENT, TOMBSTONE]


def test_an_event_holds_two_commitments_and_nothing_else():
    assert set(json.loads(encode(EVENT))) == {"t", "v", "d", "s"}
    for value in ("analytics", "site-1", "2026", DECISION["rec"], "given"):
        assert value.encode() not in encode(EVENT)


def test_an_artifact_can_name_the_one_before_it():
    entry = Artifact("ui", "demo/ui/2", digest(b"2"), digest(b"1"))

    assert json.loads(encode(entry))["p"] == digest(b"1")
    assert decode(encode(entry)) == entry


def test_the_largest_tombstone_fits_into_an_entry():
    latest = 10**14
    largest = Tombstone(tuple(range(latest, latest + MOST_INDEXES)), ("d", "s"), "contract-end")

    assert len(encode(largest)) <= LARGEST_ENTRY
    with pytest.raises(EntryInvalid):
        encode(Artifact("ui", "x" * LARGEST_ENTRY, digest(b"")))


@pytest.mark.parametrize(
    "entry",
    [
        Tombstone((), ("d",), "art17"),
        Tombstone((2, 1), ("d",), "art17"),
        Tombstone((1, 1), ("d",), "art17"),
        Tombstone((-1,), ("d",), "art17"),
        Tombstone((True,), ("d",), "art17"),
        Tombstone(tuple(range(MOST_INDEXES + 1)), ("d",), "art17"),
        Tombstone((1,), (), "art17"),
        Tombstone((1,), ("s", "d"), "art17"),
        Tombstone((1,), ("x",), "art17"),
        Tombstone((1,), ("d",), "because"),  # type: ignore[arg-type]
        Event(b"short", bytes(32)),
        Artifact("other", "a", digest(b"")),  # type: ignore[arg-type]
        Artifact("ui", "a", "no digest"),
        Artifact("ui", "a", digest(b""), "no digest"),
    ],
)
def test_what_is_outside_the_format_is_not_encoded(entry):
    with pytest.raises(EntryInvalid):
        encode(entry)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'"ev"',
        b"\xff",
        b"[" * 100_000,
        canonical(ENTRIES[1]) + b"\n",
        canonical({**ENTRIES[1], "x": 1}),
        canonical({**ENTRIES[1], "v": 2}),
        canonical({**ENTRIES[1], "t": "xx"}),
        canonical({**ENTRIES[1], "d": None}),
        canonical({**ENTRIES[2], "i": "1"}),
        canonical({**ENTRIES[0], "n": 1}),
        json.dumps(ENTRIES[1]).encode(),
    ],
)
def test_other_bytes_are_no_entry(data):
    with pytest.raises(EntryInvalid):
        decode(data)


@given(some.binary(min_size=32, max_size=32), some.binary(min_size=32, max_size=32))
def test_an_event_that_is_written_at_once_is_the_canonical_one(decision, subject):
    event = Event(decision, subject)

    assert encode(event) == canonical({"v": 1, **event.fields()})
    assert decode(encode(event)) == event
