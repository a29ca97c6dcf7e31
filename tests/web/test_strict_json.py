"""Bodies that are not what they should be: refused in the same words on every database."""

import json
import random

import pytest

from tests.builders import ORIGIN, a_decision, new_key

URL = "/v1/sites/demo/consents"
GOOD = a_decision(idempotency_key="k" * 22)
TEXT = json.dumps(GOOD)


def with_value(key, raw):
    """The good body with one value replaced by raw JSON text."""
    return TEXT.replace(f'"{key}": {json.dumps(GOOD[key])}', f'"{key}": {raw}').encode()


MALFORMED = [
    b" ",
    b"{",
    b"}",
    b"{}}",
    b"[]",
    b"[1]",
    b"null",
    b"true",
    b'"text"',
    b"1",
    b"-",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"0.5",
    b"1e5",
    b"{'action': 'save'}",
    b"{action: 1}",
    b'{"action"}',
    b'{"action": }',
    b'{"action": "save",}',
    b'{"action": "save"} {"action": "save"}',
    b'{"action": "save"}garbage',
    b'/* comment */ {"action": "save"}',
    b'{"action": "save" // comment\n}',
    b"action=save&method=banner",
    b"<decision/>",
    b"\xef\xbb\xbf" + TEXT.encode(),
    TEXT.encode("utf-16"),
    TEXT.encode("utf-32"),
    b'{"action": "\xff"}',
    b'{"action": "\xc3("}',
    b'{"action": "\xed\xa0\x80"}',
    b'{"action": "\x00"}',
    b'{"action": "a\tb"}',
    b'{"action": "a\nb"}',
    b'{"action": "\\x41"}',
    b'{"action": "\\u00"}',
    b'{"action": "\\ud800"}',
    b'{"action": "\\u0000"}',
    b'{"action": "\\u001f"}',
    b'{"action": "\\u202e"}',
    b'{"action": "\\u200f"}',
    b'{"action": "\\u2028"}',
    b'{"action": "\\ufeff"}',
    b'{"\\u0000": 1}',
    '{"action": "e\u0301"}'.encode(),
    '{"action": "\u0085"}'.encode(),
    b'{"action": "save", "action": "save"}',
    b'{"action": "save", "\\u0061ction": "withdraw"}',
    b'{"categories": {"analytics": false, "analytics": true}}',
    b"[" * 9 + b"]" * 9,
    b'{"a":' * 9 + b"1" + b"}" * 9,
    b"[" * 4000,
    b'{"a":' * 1600,
    b'{"n": 9007199254740992}',
    b'{"n": -9007199254740992}',
    b'{"n": 123456789012345678901234567890}',
    b'{"n": 1.0}',
    b'{"n": 1E400}',
    b'{"n": 0x10}',
    b'{"n": 01}',
    b'{"n": +1}',
    with_value("n", "1.5"),
    with_value("gpc", "NaN"),
]
WRONG = [
    with_value("action", "null"),
    with_value("action", "7"),
    with_value("action", '["save"]'),
    with_value("action", '"SAVE"'),
    with_value("action", '"save "'),
    with_value("n", "-1"),
    with_value("n", '"1"'),
    with_value("n", "true"),
    with_value("gpc", "1"),
    with_value("gpc", '"true"'),
    with_value("trusted", "null"),
    with_value("categories", "[]"),
    with_value("categories", "null"),
    with_value("categories", '{"analytics": null}'),
    with_value("categories", '{"Analytics": true}'),
    with_value("categories", '{"": true}'),
    with_value("categories", json.dumps({f"c{i}": False for i in range(33)})),
    with_value("services", '"stats"'),
    with_value("bundle", '"short"'),
    with_value("bundle", json.dumps("é" * 43)),
    with_value("language", '"fr; drop"'),
    with_value("consent_id", '"../../../../etc/passwd"'),
    with_value("idempotency_key", '"short"'),
    b'{"__proto__": {"granted": true}}',
    b'{"constructor": 1, "action": "save"}',
    b"{}",
]


@pytest.fixture
def send(client, site):
    def send(body, content_type="text/plain;charset=UTF-8"):
        headers = {"Origin": ORIGIN}
        return client.post(URL, data=body, content_type=content_type, headers=headers)

    return send


def test_what_is_not_our_kind_of_json_is_refused(send, records):
    answers = [send(body) for body in MALFORMED]

    assert len(MALFORMED) >= 60
    assert {(answer.status_code, answer.json["reason"]) for answer in answers} == {
        (400, "json_malformed")
    }
    assert all(answer.json["problem"] for answer in answers)
    assert records() == []


def test_json_of_another_form_is_refused_with_the_place_of_the_fault(send, records):
    answers = [send(body) for body in WRONG]

    assert {(answer.status_code, answer.json["reason"]) for answer in answers} == {
        (422, "invalid_request")
    }
    assert all(answer.json["errors"][0].keys() == {"path", "message"} for answer in answers)
    assert records() == []


def test_no_answer_repeats_the_body(send):
    answers = [send(b'{"action": "canary-7f3a"}'), send(b'{"action": "canary-7f3a'), send(b"\xff")]
    answers.append(send(with_value("language", '"canary-7f3a!"')))

    assert [answer.data.count(b"canary-7f3a") for answer in answers] == [0] * 4


def test_the_good_body_is_taken(send):
    assert send(TEXT).status_code == 201


def mutated(chance: random.Random) -> bytes:
    """A valid body with a few bytes changed, removed, doubled or replaced by a nasty piece."""
    pieces = [
        b'"',
        b"{",
        b"}",
        b"[",
        b"\\u0000",
        b"\\",
        b"\xff",
        b"true",
        b"null",
        b"1e9",
        b":",
        b",",
    ]
    body = bytearray(json.dumps({**GOOD, "idempotency_key": new_key()}).encode())
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(body))
        end = place + chance.choice([0, 1, 1, 2, 30])
        kind = chance.randrange(4)
        if kind == 0:
            body[place] = chance.randrange(256)
        elif kind == 1:
            del body[place:end]
        elif kind == 2:
            body[place:place] = chance.choice(pieces)
        else:
            body[place:place] = body[place:end]
    return bytes(body)


def test_2500_mutated_bodies_on_each_database_are_refused_or_mean_what_they_say(send, records):
    chance = random.Random(20261122)
    statuses = []
    for _ in range(2500):
        answer = send(mutated(chance))
        statuses.append(answer.status_code)
        assert answer.status_code in (200, 201, 400, 409, 422), answer.text
        if answer.status_code >= 400:
            assert answer.mimetype == "application/problem+json"

    taken = records()
    assert len(taken) == statuses.count(201)
    assert {record["event"] for record in taken} <= {"partial", "changed", "renewed", "given"}
