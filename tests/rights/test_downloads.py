"""A visitor takes along everything recorded about the browser, as JSON-LD and as CSV."""

import csv
import io

import pytest
from pyld import jsonld

from consent_server.vocabulary.dpv import CONTEXT
from tests.builders import OTHER_VISITOR, VISITOR, acceptance, refusal, withdrawal
from tests.vocabulary.test_dpv import missing


@pytest.fixture
def three(decide, clock):
    """The ids of three records of one visitor, among those of others."""
    found = []
    for body in (acceptance(), withdrawal(2), acceptance(3)):
        found.append(decide(body).json["record_id"])
        clock.advance(minutes=1)
        decide(refusal())
    decide(acceptance(consent_id=OTHER_VISITOR))
    return found


def test_the_records_in_json_ld(ask, three, records):
    answer = ask(format="jsonld")

    document = answer.json
    assert answer.content_type == "application/ld+json"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="consents-demo.jsonld"'
    assert document["@context"] == CONTEXT
    nodes = document["@graph"]
    assert [node["dct:identifier"] for node in nodes] == three
    assert [missing(node) for node in nodes] == [[]] * 3
    own = {record["record_id"]: record for record in records()}
    assert [node["consent:record"] for node in nodes] == [own[id_] for id_ in three]
    assert VISITOR not in answer.text
    literal = jsonld.expand(document)[0]["urn:consent-server:record"][0]
    assert literal == {"@type": "@json", "@value": own[three[0]]}


def test_the_records_in_csv(ask, three, records):
    answer = ask(format="csv")

    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="consents-demo.csv"'
    assert [row["record_id"] for row in rows] == three
    assert [row["category.analytics.granted"] for row in rows] == ["true", "false", "true"]
    own = next(record for record in records() if record["record_id"] == three[0])
    assert rows[0]["recorded_at"] == own["recorded_at"]
    assert rows[0]["subject"].lstrip("'") == own["subject"]
    assert rows[0]["trusted"] == "true"


def test_no_cell_is_a_formula(ask, decide, publish, client):
    publish("demo", policy={"url": "https://shop.example/privacy", "version": "=1+1"})
    published = client.get("/v1/sites/demo/bundle").json
    decide(acceptance(bundle=published["hash"]))

    (row,) = csv.DictReader(io.StringIO(ask(format="csv").text))

    assert row["policy_version"] == "'=1+1"


@pytest.mark.parametrize("form", ["json", "jsonld", "csv"])
def test_nothing_is_told_about_an_id_that_is_not_known(ask, three, form):
    answer = ask(consent_id="A" * 22, format=form)

    assert (answer.status_code, answer.json["reason"]) == (404, "consent_id_unknown")
