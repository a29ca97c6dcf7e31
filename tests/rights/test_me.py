"""A visitor sees the records about this browser, by possession of the consent id."""

import pytest

from tests.builders import (
    ORIGIN,
    OTHER_ORIGIN,
    OTHER_VISITOR,
    VISITOR,
    acceptance,
    refusal,
    withdrawal,
)


def test_the_holder_of_a_consent_id_sees_every_record_about_it(ask, decide, records, clock):
    given = decide(acceptance()).json
    clock.advance(minutes=1)
    withdrawn = decide(withdrawal(2)).json
    decide(acceptance(consent_id=OTHER_VISITOR))
    decide(refusal())

    answer = ask()

    own = [given["record_id"], withdrawn["record_id"]]
    assert answer.status_code == 200
    assert answer.json["site"] == "demo"
    assert answer.json["records"] == [r for id_ in own for r in records() if r["record_id"] == id_]
    assert answer.json["categories"]["analytics"]["reason"] == "withdrawn"
    assert VISITOR not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["", "/receipt"])
def test_an_unknown_consent_id_and_another_sites_look_the_same(ask, decide, publish, path):
    other = publish("other")
    decide(acceptance(bundle=other.bundle_hash, consent_id=OTHER_VISITOR), site_id="other")
    decide(acceptance())

    foreign = ask(path, consent_id=OTHER_VISITOR)
    unknown = ask(path, consent_id="A" * 22)

    assert (foreign.status_code, foreign.json["reason"]) == (404, "consent_id_unknown")
    assert foreign.data == unknown.data
    assert ask(path, consent_id=OTHER_VISITOR, site_id="other").status_code == 200


@pytest.mark.parametrize("path", ["", "/receipt"])
@pytest.mark.parametrize(
    "consent_id", [None, "", "short", "A" * 23, "A" * 21 + "+", "A" * 21 + "="]
)
def test_a_malformed_consent_id_is_refused(ask, path, consent_id):
    answer = ask(path, consent_id=consent_id)

    assert (answer.status_code, answer.json["reason"]) == (422, "invalid_request")
    assert answer.json["errors"][0]["path"] == "Consent-Id"


@pytest.mark.parametrize("path", ["", "/receipt"])
def test_a_page_of_another_origin_learns_nothing(ask, decide, path):
    decide(acceptance())

    answer = ask(path, origin=OTHER_ORIGIN)

    assert (answer.status_code, answer.json["reason"]) == (403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("path", ["", "/receipt"])
def test_a_page_of_the_same_host_reads_without_an_origin(ask, decide, path):
    decide(acceptance())

    answer = ask(path, origin=None)

    assert answer.status_code == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_consent_id_is_not_read_from_the_address(client, decide):
    decide(acceptance())

    answer = client.get(f"/v1/sites/demo/me?Consent-Id={VISITOR}", headers={"Origin": ORIGIN})

    assert answer.status_code == 422


def test_an_unknown_site_is_not_found(ask):
    answer = ask(site_id="nowhere")

    assert (answer.status_code, answer.json["reason"]) == (404, "site_unknown")
