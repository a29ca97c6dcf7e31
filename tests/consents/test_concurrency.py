"""Many requests at the same instant, against a real server."""

import json
from concurrent.futures import ThreadPoolExecutor

from tests.builders import ORIGIN, a_decision, acceptance, new_key, withdrawal

HEADERS = {"Origin": ORIGIN, "Content-Type": "text/plain;charset=UTF-8"}


def send_all(server, bodies):
    """Send every body at once, each on a thread of its own."""

    def send(body):
        path = "/v1/sites/demo/consents"
        status, _, answer = server.request("POST", path, json.dumps(body), HEADERS)
        return status, json.loads(answer)

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, bodies))


def test_one_request_sent_by_16_threads_is_one_record(server, records):
    for _ in range(3):
        body = a_decision(n=len(records()) + 1)
        before = len(records())

        answers = send_all(server, [body] * 16)

        assert sorted(status for status, _ in answers) == [200] * 15 + [201]
        assert len({answer["record_id"] for _, answer in answers}) == 1
        assert len({answer["token"] for _, answer in answers}) == 1
        assert len(records()) == before + 1


def test_of_different_bodies_with_one_key_one_is_recorded(server, records):
    key = new_key()
    bodies = [a_decision(idempotency_key=key, language=tag) for tag in ("fr", "en")] * 8

    answers = send_all(server, bodies)

    statuses = [status for status, _ in answers]
    assert statuses.count(409) == 8
    assert statuses.count(201) == 1
    assert len(records()) == 1


def test_a_visitors_decisions_sent_together_end_with_the_newest(server, records):
    answers = send_all(server, [acceptance(n) for n in range(1, 16)] + [withdrawal(16)])

    assert [status for status, _ in answers] == [201] * 16
    held = [record for record in records() if not record["superseded"]]
    newest = max(held, key=lambda record: record["n"])
    assert len(records()) == 16
    assert newest["event"] == "withdrawn"
    instants = [record["recorded_at"] for record in records()]
    assert len(set(instants)) == 16


def test_of_first_decisions_of_one_visitor_sent_together_one_is_the_first(server, records):
    answers = send_all(server, [acceptance(1) for _ in range(8)])

    assert [status for status, _ in answers] == [201] * 8
    assert [record["previous"] for record in records()].count(None) == 1
    assert len({record["recorded_at"] for record in records()}) == 8
