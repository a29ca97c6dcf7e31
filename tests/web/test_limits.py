"""Bodies whose end or content cannot be known beforehand are refused before anybody reads them."""

import gzip
import json

import pytest

from consent_server.sites.document.schema import MOST_CATEGORIES, MOST_SERVICES
from tests.builders import ORIGIN, a_decision

URL = "/v1/sites/demo/consents"


@pytest.fixture
def send(client, site):
    def send(body=None, **headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(URL, data=body, headers={"Origin": ORIGIN, **named})

    return send


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "text/plain;charset=UTF-8",
        "TEXT/PLAIN",
    ],
)
def test_both_ways_of_sending_json_are_taken(send, content_type):
    assert send(json.dumps(a_decision()), Content_Type=content_type).status_code == 201


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/html",
        "application/xml",
        "application/ld+json",
        "application/octet-stream",
        "text/plainx",
    ],
)
def test_other_content_types_are_refused(send, records, content_type):
    answer = send(json.dumps(a_decision()), Content_Type=content_type)

    assert (answer.status_code, answer.json["reason"]) == (415, "media_type_unsupported")
    assert records() == []


def test_the_check_takes_no_plain_text(client, site, api_key):
    headers = {**api_key("check"), "Content-Type": "text/plain"}

    answer = client.post("/v1/check", data='{"site": "demo", "checks": [{}]}', headers=headers)

    assert answer.status_code == 415


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "deflate", "identity", "gzip, gzip"])
def test_encoded_bodies_are_refused(send, records, encoding):
    body = gzip.compress(json.dumps(a_decision()).encode())

    answer = send(body, Content_Type="application/json", Content_Encoding=encoding)

    assert (answer.status_code, answer.json["reason"]) == (415, "media_type_unsupported")
    assert records() == []


@pytest.mark.parametrize("transfer", ["chunked", "gzip, chunked", "identity"])
def test_bodies_without_a_length_are_refused(send, records, transfer):
    answer = send(
        json.dumps(a_decision()), Content_Type="application/json", Transfer_Encoding=transfer
    )

    assert (answer.status_code, answer.json["reason"]) == (411, "length_required")
    assert records() == []


LARGEST = 32 * 1024


@pytest.mark.parametrize(
    "size, status", [(LARGEST, 400), (LARGEST + 1, 413), (65536, 413), (65537, 413)]
)
def test_a_decision_may_have_32_kibibytes(send, size, status):
    assert send(b"[" * size, Content_Type="text/plain").status_code == status


def test_the_largest_good_body_is_taken(send):
    body = json.dumps(a_decision()).encode()

    answer = send(body + b" " * (LARGEST - len(body)), Content_Type="text/plain")

    assert answer.status_code == 201


def test_every_choice_that_a_document_can_ask_for_is_taken(send):
    """Read, and refused for what this site does not ask, whatever the ids of its services are."""
    ids = [f"{at:03}".rjust(40, "s") for at in range(MOST_SERVICES)]
    categories = dict.fromkeys((id_[:-1] + "c" for id_ in ids[:MOST_CATEGORIES]), False)
    body = a_decision(categories=categories, services=dict.fromkeys(ids, False))

    answer = send(json.dumps(body).encode(), Content_Type="text/plain")

    assert (answer.status_code, answer.json["reason"]) == (422, "category_unknown")


@pytest.mark.parametrize("address", ["/v1/sites/demo/bundle", "/healthz", "/s/demo.js", "/nowhere"])
def test_a_large_body_is_refused_where_none_is_read_too(client, site, address):
    answer = client.get(address, data=b"x" * 65537)

    assert (answer.status_code, answer.json["reason"]) == (413, "body_too_large")
