"""The list of records, page by page."""

import base64

import pytest
import sqlalchemy as sa

from consent_server.db import db
from tests.builders import acceptance, refusal, withdrawal
from tests.log.tampering import unguarded

URL = "/v1/sites/demo/consents"


@pytest.fixture
def listing(client, decide, api_key):
    """Ask for one page."""
    for body in (acceptance(), refusal(), refusal(), refusal(), withdrawal(2)):
        decide(body)
    key = api_key("export")

    def listing(**asked):
        return client.get(URL, query_string=asked, headers=key)

    return listing


def cursor(text):
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize("limit", [1, 2, 5, 6])
def test_pages_join_to_the_whole_log_without_gap_or_repetition(listing, records, limit):
    found, after = [], {}
    while True:
        answer = listing(limit=limit, level="subjects", **after)
        assert answer.status_code == 200
        assert len(answer.json["records"]) <= limit
        found += answer.json["records"]
        if answer.json["next"] is None:
            break
        after = {"cursor": answer.json["next"]}

    assert found == records()
    assert len(found) == 5


def test_without_the_level_subjects_nobody_is_named(listing):
    assert not any("subject" in record for record in listing().json["records"])


def test_filters_choose_by_event(listing):
    answer = listing(event="withdrawn")

    assert [record["event"] for record in answer.json["records"]] == ["withdrawn"]
    assert answer.json["next"] is None


NOW = "2026-11-22T20:00:00.000Z"


@pytest.mark.parametrize(
    "tampered",
    [
        "x",
        "%00",
        "====",
        "A" * 201,
        cursor(""),
        cursor(NOW),
        cursor(f"{NOW} "),
        cursor(f"{NOW} short"),
        cursor(f"{NOW} {'A' * 21}\x00"),
        cursor(f"{NOW} {'A' * 22}' OR 1=1"),
        cursor(f"2026-11-22T20:00:00 {'A' * 22}"),
        cursor(f"2026-11-22T20:00:00+00:00 {'A' * 22}"),
        cursor(f"0001-01-01T00:00:00.000+14:00 {'A' * 22}"),
        cursor(f"9999-12-31T23:59:59.999-14:00 {'A' * 22}"),
        cursor(f"{NOW} {'A' * 22}") + "=",
        cursor(f"{NOW} {'A' * 22}").rstrip("="),
    ],
)
def test_a_tampered_cursor_is_refused(listing, tampered):
    answer = listing(cursor=tampered)

    assert (answer.status_code, answer.json["reason"]) == (422, "invalid_request")
    assert answer.json["errors"][0]["path"] == "cursor"


IN_DIGITS = "Must be a whole number, in digits alone."
IN_RANGE = "Must be greater than or equal to 1 and less than or equal to 1000."
LIMIT_REFUSED = {
    "0": IN_RANGE,
    "1001": IN_RANGE,
    "-1": IN_DIGITS,
    "many": IN_DIGITS,
    "1.5": IN_DIGITS,
    "1e3": IN_DIGITS,
}


@pytest.mark.parametrize("limit", LIMIT_REFUSED)
def test_a_limit_out_of_range_is_refused(listing, limit):
    answer = listing(limit=limit)

    assert answer.status_code == 422
    assert answer.json["errors"] == [{"path": "limit", "message": LIMIT_REFUSED[limit]}]


@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z"])
def test_the_ends_of_time_are_instants_like_others(listing, instant):
    assert listing(**{"from": instant}).status_code == 200
    assert listing(to=instant).status_code == 200


def test_a_time_that_ends_before_it_begins_is_refused(listing):
    answer = listing(**{"from": "2026-11-24T00:00:00Z", "to": "2026-11-23T00:00:00Z"})

    assert (answer.status_code, answer.json["reason"]) == (422, "invalid_request")
    assert answer.json["errors"] == [{"path": "to", "message": "Must be later than from."}]


def test_only_a_key_of_this_site_with_the_scope_lists(client, site, publish, api_key):
    publish("other")

    answers = [
        client.get(URL),
        client.get(URL, headers=api_key("check")),
        client.get(URL, headers=api_key("export", site="other")),
    ]

    assert [answer.json["reason"] for answer in answers] == [
        "key_missing",
        "scope_missing",
        "site_unknown",
    ]


@pytest.mark.parametrize("which", ["min", "max"])
def test_an_instant_that_is_not_what_is_read_leads_to_no_page_again_and_again(
    app, listing, database_url, which
):
    """After it, as a cursor says it, the same record would come, for ever."""
    is_sqlite = database_url.startswith("sqlite")
    finer = (
        "substr(recorded_at, 1, 19) || 'Z'"
        if is_sqlite
        else "recorded_at + interval '1 microsecond'"
    )
    with app.app_context(), unguarded(db.engine) as connection:
        change = f"UPDATE consent_records SET recorded_at = {finer} WHERE record_id = "  # noqa: S608
        one = f"(SELECT {which}(record_id) FROM consent_records)"  # noqa: S608
        assert connection.execute(sa.text(change + one)).rowcount == 1

    answers, asked = [], {"limit": 1}
    while asked is not None and len(answers) < 9:
        answers.append(listing(**asked))
        following = answers[-1].json.get("next")
        asked = following and {"limit": 1, "cursor": following}

    assert (answers[-1].status_code, answers[-1].json["reason"]) == (409, "evidence_damaged")
