"""F-25: malformed bodies are refused in the same words on both databases, and leave nothing."""

import json
from pathlib import Path
from typing import ClassVar

import jsonschema
import pytest

from tests.builders import (
    ORIGIN,
    OTHER_ORIGIN,
    a_decision,
    acceptance,
    refusal,
    withdrawal,
)
from tests.fault.trials import SMALL_SHARE, Trials
from tests.fuzz.answers import fault_of_refusal
from tests.fuzz.bodies import Mutator

PLANNED = 100_000
ROOT = Path(__file__).parents[2]
#: What one recorded decision adds: a record, the keys that open it, its place in the queue, and
#: the idempotency key.
ADDED = ("consent_records", "log_opening_keys", "log_queue", "idempotency_keys")
BAD_ORIGINS = [
    OTHER_ORIGIN,
    "null",
    "",
    "https://shop.example/",
    "https://shop.example.evil",
    "x y",
]
BAD_HEADERS = {
    "Content-Encoding": ["gzip", "identity", ""],
    "Transfer-Encoding": ["chunked", "identity"],
    "Expect": ["100-continue"],
    "X-HTTP-Method-Override": ["DELETE"],
    "Sec-GPC": ["1", "0", "\xff"],
    "Accept": ["", "text/html", "\x00"],
    "Cookie": ["a=b", "consent=1;" * 500],
}
KEYS = ["", "short", "=" * 22, "k" * 65, "\xe9" * 22, "AAAAAAAAAAAAAAAAAAAAAA", "a" * 22 + "\x00"]
BEARERS = [
    "",
    "Bearer",
    "Bearer ",
    "Bearer cp_live_x",
    "Basic ZGVtbzox",
    "Bearer \xff",
    "bearer a b",
]


class Decisions:
    """``POST /v1/sites/{site}/consents``."""

    schema = "Decision"
    bad_headers: ClassVar = {**BAD_HEADERS, "Origin": BAD_ORIGINS, "Idempotency-Key": KEYS}

    def __init__(self, dice, _service):
        self._dice = dice
        self._visitors = [f"{number:021d}A" for number in range(50)]
        #: Made once: the bundle is built and hashed for each.
        self._bodies = [
            a_decision(services={"stats": False}),
            a_decision(gpc=True, language="en"),
            acceptance(),
            withdrawal(1),
            refusal(),
            refusal(method="gpc", gpc=True),
        ]

    def good(self):
        """Return a request that is recorded, unless its visitor decided with a higher n."""
        dice = self._dice
        key = f"{dice.getrandbits(128):039d}"
        body = dict(dice.choice(self._bodies))
        if "n" in body:
            body |= {"consent_id": dice.choice(self._visitors), "n": dice.randrange(1, 1000)}
        path = dice.choice(["demo"] * 12 + ["other", "unknown", "De mo"])
        sent = {"path": f"/v1/sites/{path}/consents", "headers": {"Origin": ORIGIN}}
        if dice.randrange(2):
            return {**body, "idempotency_key": key}, {**sent, "content_type": "text/plain"}
        del body["idempotency_key"]
        return body, {**sent, "headers": {"Origin": ORIGIN, "Idempotency-Key": key}}


class Checks:
    """``POST /v1/check``."""

    schema = "CheckMany"
    bad_headers: ClassVar = {**BAD_HEADERS, "Origin": [ORIGIN, "null"], "Authorization": BEARERS}

    def __init__(self, dice, service):
        self._dice = dice
        self._tokens = [service.token, service.foreign, None, "", "a.b.c", service.token[:-1]]

    def good(self):
        """Return a request that is answered, without its key."""
        dice = self._dice
        categories = ["analytics", "necessary", "unheard-of"]
        checks = []
        for _ in range(dice.choice([1, 1, 2, 5])):
            item = {"token": dice.choice(self._tokens)}
            item |= {"category": dice.choice(categories)} if dice.randrange(2) else {}
            item |= {"at": "2026-11-22T20:00:00+00:00"} if dice.randrange(4) == 0 else {}
            checks.append(item)
        site = dice.choice(["demo"] * 12 + ["other", "unknown"])
        return {"site": site, "checks": checks}, {"path": "/v1/check"}


def ask(service, sent, scope="check"):
    """Send a request; gives the answer."""
    headers = {**service.keys[scope], **sent.headers}
    if sent.content_type is not None:
        headers["Content-Type"] = sent.content_type
    changes = {} if sent.length is None else {"CONTENT_LENGTH": sent.length}
    return service.app.test_client().post(
        sent.path,
        query_string=sent.query,
        data=sent.body,
        headers=headers,
        environ_overrides=changes,
    )


def reader_of(schema):
    """Return a function from the bytes of a body to whether they are what is documented.

    It knows nothing of the service but the OpenAPI document.
    """

    def once_each(members):
        if len(dict(members)) != len(members):
            raise ValueError
        return dict(members)

    def refuse(_text):
        raise ValueError

    document = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    whole = {**document, "$ref": f"#/components/schemas/{schema}"}
    validator = jsonschema.Draft202012Validator(whole)

    def is_as_documented(body):
        words = {"object_pairs_hook": once_each, "parse_float": refuse, "parse_constant": refuse}
        try:
            return validator.is_valid(json.loads(body.decode(), **words))
        except ValueError:
            return False

    return is_as_documented


def fault_of(answer, sent, is_as_documented):
    """Return what is wrong with one answer, if anything is."""
    if answer.status_code in (200, 201):
        return None if is_as_documented(sent.body) else "accepted"
    return fault_of_refusal(answer)


def send_all(trials, services, endpoint, numbers):
    """Send a mutated request to both databases in each trial, and compare the answers.

    :returns: how many decisions were recorded
    """
    judge = reader_of(endpoint.schema)
    mutator = Mutator(trials.random, endpoint.bad_headers)
    recorded = 0
    for number in trials:
        body, about = endpoint.good()
        sent = mutator.request(body, **about)
        answers = []
        for service in services:
            numbers.number = 1000 + number
            answers.append(ask(service, sent))
        faults = [fault_of(answer, sent, judge) for answer in answers]
        said = [(answer.status_code, answer.json) for answer in answers]
        if any(faults) or said[0] != said[1]:
            trials.fail(number, f"{faults} {said} to {sent}")
        trials.counts[str(said[0][0])] += 1
        recorded += said[0][0] == 201
    return recorded


@pytest.mark.parametrize("endpoint", [Decisions, Checks])
def test_a_malformed_body_is_refused_alike_and_leaves_nothing(services, numbers, endpoint):
    name = endpoint.__name__.lower()
    trials = Trials(f"F-25 {name}", "malformed bodies", PLANNED, 100, SMALL_SHARE)
    before = [service.rows() for service in services]

    recorded = send_all(trials, services, endpoint(trials.random, services[0]), numbers)

    for service, rows in zip(services, before, strict=True):
        added = {table: now - rows[table] for table, now in service.rows().items()}
        if added != {table: recorded if table in ADDED else 0 for table in rows}:
            trials.fail(trials.done, f"{recorded} decisions added {added}")
    trials.close(input="bodies")
    assert trials.failures == []


def test_these_bodies_would_find_a_lenient_reader(services, numbers, monkeypatch):
    monkeypatch.setattr("consent_server.web.api.read_object", json.loads)
    trials = Trials("F-25 control", "a lenient reader", 100, 100)

    send_all(trials, services, Decisions(trials.random, services[0]), numbers)

    assert trials.failures
