"""A retry is harmless: one key is one record, whatever happens on the way."""

import json

import pytest

from consent_server.consents import service
from consent_server.db import db
from tests.builders import ORIGIN, a_decision, acceptance, new_key, refusal, withdrawal

URL = "/v1/sites/demo/consents"


def test_the_same_request_again_gets_the_same_answer(decide, records, clock):
    body = acceptance()

    first = decide(body)
    clock.advance(days=3)
    again = decide(body)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    assert "token" in again.json
    assert len(records()) == 1


def test_the_same_refusal_again_is_one_record(decide, records):
    body = refusal()

    first, again = decide(body), decide(body)

    assert again.json == first.json
    assert len(records()) == 1


def test_the_same_key_with_another_body_is_a_conflict(decide, records):
    key = new_key()
    decide(a_decision(idempotency_key=key))

    answer = decide(acceptance(idempotency_key=key))

    assert (answer.status_code, answer.json["reason"]) == (409, "idempotency_conflict")
    assert len(records()) == 1


def test_a_key_belongs_to_one_site(decide, publish, records):
    other = publish("other")
    key = new_key()
    decide(a_decision(idempotency_key=key))

    answer = decide(a_decision(idempotency_key=key, bundle=other.bundle_hash), site_id="other")

    assert answer.status_code == 201
    assert len(records("demo")) == len(records("other")) == 1


def test_the_key_may_come_in_the_header(client, site, records):
    body = a_decision(idempotency_key=...)
    headers = {"Origin": ORIGIN, "Idempotency-Key": new_key()}

    first = client.post(URL, json=body, headers=headers)
    again = client.post(URL, json=dict(reversed(body.items())), headers=headers)

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json
    assert len(records()) == 1


def test_the_key_in_the_header_and_in_the_body_is_one_key(client, site, decide, records):
    body = a_decision()
    decide(body)
    bare = {name: value for name, value in body.items() if name != "idempotency_key"}

    answer = client.post(
        URL,
        data=json.dumps(bare),
        content_type="application/json",
        headers={"Origin": ORIGIN, "Idempotency-Key": body["idempotency_key"]},
    )

    assert answer.status_code == 200
    assert len(records()) == 1


def test_two_different_keys_in_one_request_are_refused(client, site, records):
    answer = client.post(
        URL, json=a_decision(), headers={"Origin": ORIGIN, "Idempotency-Key": new_key()}
    )

    assert (answer.status_code, answer.json["reason"]) == (422, "invalid_request")
    assert records() == []


def test_a_malformed_key_in_the_header_is_refused(client, site, records):
    answer = client.post(
        URL,
        json=a_decision(idempotency_key=...),
        headers={"Origin": ORIGIN, "Idempotency-Key": "a b c"},
    )

    assert (answer.status_code, answer.json["reason"]) == (422, "invalid_request")
    assert answer.json["errors"][0]["path"] == "Idempotency-Key"
    assert records() == []


def test_a_late_retry_of_a_grant_brings_no_token_after_a_withdrawal(decide, records, clock):
    grant = acceptance()
    first = decide(grant)
    clock.advance(minutes=1)
    decide(withdrawal(2))

    again = decide(grant)

    assert again.status_code == 200
    assert again.json["record_id"] == first.json["record_id"]
    assert again.json["superseded"] is True
    assert "token" not in again.json
    assert len(records()) == 2


def test_a_retry_is_answered_although_the_bundle_changed(decide, publish, records, clock):
    body = acceptance()
    first = decide(body)
    clock.advance(minutes=1)
    publish(texts={"en": {"intro": "We ask you again, in other words."}})

    assert decide(body).json == first.json


def test_a_refused_request_does_not_use_up_its_key(decide, records):
    key = new_key()
    refused = decide(a_decision(idempotency_key=key, bundle="A" * 43))

    answer = decide(a_decision(idempotency_key=key))

    assert (refused.status_code, answer.status_code) == (409, 201)
    assert len(records()) == 1


class TestForgottenMeanwhile:
    """On PostgreSQL: the daily purge deletes the key of an old request while its retry is read."""

    @pytest.fixture
    def database_url(self, postgresql_url):
        return postgresql_url

    @pytest.mark.parametrize("make", [acceptance, refusal])
    def test_the_retry_is_a_new_request(self, decide, rows, clock, monkeypatch, make):
        body = make()
        decide(body)
        clock.advance(days=2)
        known = service._known

        def forgotten(*asked):
            found = known(*asked)
            with db.engine.begin() as connection:
                gone = connection.exec_driver_sql("DELETE FROM idempotency_keys")
                assert gone.rowcount == 1
            return found

        with monkeypatch.context() as patched:
            patched.setattr(service, "_known", forgotten)
            late = decide(body)
        again = decide(body)

        assert (late.status_code, again.status_code) == (201, 200)
        assert again.json["record_id"] == late.json["record_id"]
        assert len(rows("consent_records")) == 2
