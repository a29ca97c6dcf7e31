"""What is said to whoever sent a request that did not come to the application."""

import json

import pytest

from consent_server.web.problems import REASONS
from consent_server.worker.answers import STATUSES, problem

#: What the loop and gunicorn refuse; of a request that is no HTTP there is nothing more to say.
REFUSED = {reason: status for status, reason in STATUSES.values()} | {
    "overloaded": 503,
    "request_too_slow": 408,
}


def detail(status, reason):
    return json.loads(problem(status, reason).partition(b"\r\n\r\n")[2])["detail"]


@pytest.mark.parametrize("reason", sorted(REFUSED))
def test_it_is_told_what_was_wrong(reason):
    assert detail(REFUSED[reason], reason) != detail(400, "bad_request")


def test_a_fault_of_ours_is_told_as_one():
    assert "nothing was granted" in detail(500, "internal_error")
    assert 500 not in REASONS


def test_a_title_is_that_of_the_reason_before_and_in_the_application(client):
    refused = json.loads(problem(431, "headers_too_large").partition(b"\r\n\r\n")[2])
    answer = client.get("/nowhere").json

    assert refused["title"] == "Headers too large"
    assert (answer["title"], answer["detail"]) == ("Not found", "Nothing has this address.")
