"""The audit export: what is in it, in which order, and that a spreadsheet cannot be tricked."""

import csv
import io
import json

import pytest

from consent_server.exports import reading
from consent_server.vocabulary.spreadsheet import cell
from tests.builders import OTHER_VISITOR, VISITOR, a_decision, acceptance, refusal, withdrawal
from tests.exports.paging import records_a_page

URL = "/v1/sites/demo/export"


@pytest.fixture
def history(decide, clock):
    """Three days of decisions: given, refused, withdrawn, partial."""
    for body in (
        acceptance(),
        refusal(),
        withdrawal(2),
        a_decision(consent_id=OTHER_VISITOR, services={"stats": False}),
    ):
        decide(body)
        clock.advance(hours=20)


@pytest.fixture
def export(client, api_key, history):
    """Export; gives the answer."""
    key = api_key("export")

    def export(*, buffered=True, **asked):
        parameters = {"format": "jsonl", **asked}
        return client.get(URL, query_string=parameters, headers=key, buffered=buffered)

    return export


OPENINGS = ("log_index", "decision_key", "subject_key", "subject_commitment")


def lines(answer):
    """The records or counts of an export, without what proves them."""
    assert answer.status_code == 200, answer.text
    found = [json.loads(line) for line in answer.data.splitlines()]
    records = [line for line in found if not {"log", "manifest"} & line.keys()]
    return [{name: line[name] for name in line if name not in OPENINGS} for line in records]


def rows(answer):
    assert answer.status_code == 200, answer.text
    found = csv.DictReader(io.StringIO(answer.data.decode(), newline=""))
    return [row for row in found if not row["log_index"].startswith("#")]


def events(found):
    return [record["event"] for record in found]


def test_json_lines_hold_every_record_whole_in_the_order_of_time_while_they_wait(export, records):
    answer = export(level="subjects")

    assert answer.content_type == "application/x-ndjson"
    assert lines(answer) == records()
    assert events(lines(answer)) == ["given", "refused", "withdrawn", "partial"]
    assert answer.headers["Content-Disposition"] == 'attachment; filename="consents-demo.jsonl"'
    assert answer.headers["Cache-Control"] == "no-store"


def test_json_ld_holds_the_same_records_as_literals_in_nodes_of_dpv(export, records):
    answer = export(format="jsonld", level="subjects")
    whole = json.loads(answer.data)

    assert answer.content_type == "application/ld+json"
    assert [node["consent:record"] for node in whole["@graph"]] == records()
    assert {node["@type"] for node in whole["@graph"]} == {"dpv:ConsentRecord"}
    assert whole["@context"]["consent:record"]["@type"] == "@json"
    assert list(whole) == ["@context", "@graph", "consent:log", "consent:manifest"]


def test_decisions_leave_out_what_links_a_visitor(export):
    found = lines(export())

    assert len(found) == 4
    assert not any({"subject", "n"} & record.keys() for record in found)
    choices = [choice for record in found for choice in record["categories"].values()]
    assert not any("n" in choice for choice in choices)


def test_counts_say_nothing_about_anybody(export):
    assert lines(export(level="counts")) == [
        {"day": "2026-11-22", "event": "given", "superseded": False, "count": 1},
        {"day": "2026-11-23", "event": "refused", "superseded": False, "count": 1},
        {"day": "2026-11-24", "event": "withdrawn", "superseded": False, "count": 1},
        {"day": "2026-11-25", "event": "partial", "superseded": False, "count": 1},
    ]


def test_csv_and_json_lines_say_the_same(export):
    written = rows(export(format="csv", level="subjects"))

    for row, record in zip(written, lines(export(level="subjects")), strict=True):
        for name in ("record_id", "event", "action", "recorded_at", "language", "expires_at"):
            assert row[name] == (record[name] or "")
        assert row["gpc"] == "false"
        assert row["subject"].removeprefix("'") == (record["subject"] or "")
        for id_, choice in record["categories"].items():
            assert row[f"category.{id_}.granted"] == str(choice["granted"]).lower()
            assert row[f"category.{id_}.decided_at"] == choice["decided_at"]
            assert row[f"category.{id_}.expires_at"] == choice["expires_at"]
        assert json.loads(row["services"]) == record["services"]
    assert json.loads(written[3]["services"])["stats"]["granted"] is False


def test_csv_is_what_rfc_4180_says(export):
    answer = export(format="csv")

    assert answer.content_type == "text/csv; charset=utf-8"
    text = answer.data.decode()
    assert text.count("\r\n") == text.count("\n") == 8
    assert not text.startswith("\ufeff")


@pytest.mark.parametrize("format_", ["csv", "jsonl"])
@pytest.mark.parametrize(
    "asked, found",
    [
        ({}, ["given", "refused", "withdrawn", "partial"]),
        ({"event": "refused"}, ["refused"]),
        ({"event": "expired"}, []),
        ({"from": "2026-11-23T16:00:00Z"}, ["refused", "withdrawn", "partial"]),
        ({"from": "2026-11-23T16:00:00.001Z"}, ["withdrawn", "partial"]),
        ({"to": "2026-11-23T16:00:00Z"}, ["given"]),
        ({"to": "2026-11-23T17:00:00+01:00"}, ["given"]),
        ({"from": "2026-11-23T00:00:00Z", "to": "2026-11-25T00:00:00Z"}, ["refused", "withdrawn"]),
        ({"from": "2030-01-01T00:00:00Z"}, []),
    ],
)
def test_filters_choose_by_instant_and_event(export, format_, asked, found):
    answer = export(format=format_, **asked)

    read = rows(answer) if format_ == "csv" else lines(answer)
    assert events(read) == found


def test_a_record_of_this_very_instant_is_exported_too(decide, client, api_key):
    decide(acceptance())
    decide(withdrawal(2))

    answer = client.get(URL, query_string={"format": "jsonl"}, headers=api_key("export"))

    assert events(lines(answer)) == ["given", "withdrawn"]


@pytest.mark.parametrize(
    "asked",
    [
        {"format": "xlsx"},
        {"format": ""},
        {"level": "everything"},
        {"event": "guessed"},
        {"from": "yesterday"},
        {"to": "2026-11-22"},
        {"site": "other"},
        {"to": "2026-11-23T00:00:00Z", "from": "2026-11-23T00:00:00Z"},
        {"to": "2026-11-23T00:00:00Z", "from": "2026-11-24T00:00:00Z"},
        *({"checkpoint": text} for text in ("+1", " 1", "1 ", "01", "1_0", "\u0661", "1.0", "-1")),
    ],
)
def test_a_malformed_selection_is_refused(export, asked):
    answer = export(**asked)

    assert (answer.status_code, answer.json["reason"]) == (422, "invalid_request")
    assert answer.json["errors"][0]["path"] == next(iter(asked))


def test_only_a_key_of_this_site_with_the_scope_exports(client, site, publish, api_key):
    publish("other")
    asked = {"format": "csv"}
    foreign = api_key("export", site="other")

    none = client.get(URL, query_string=asked)
    scope = client.get(URL, query_string=asked, headers=api_key("check"))
    theirs = client.get(URL, query_string=asked, headers=foreign)
    unknown = client.get("/v1/sites/nowhere/export", query_string=asked, headers=foreign)
    browser = client.get(
        URL, query_string=asked, headers={**api_key("export"), "Origin": "https://shop.example"}
    )

    found = [(a.status_code, a.json["reason"]) for a in (none, scope, theirs, browser)]
    assert found == [
        (401, "key_missing"),
        (403, "scope_missing"),
        (404, "site_unknown"),
        (403, "key_in_browser"),
    ]
    assert theirs.data == unknown.data


def test_the_records_of_another_site_are_never_in_it(export, publish, decide):
    other = publish("other")
    decide(acceptance(bundle=other.bundle_hash), site_id="other")

    assert {record["site"] for record in lines(export())} == {"demo"}


def test_no_export_holds_the_consent_id(export):
    for format_ in ("csv", "jsonl"):
        answer = export(format=format_, level="subjects")
        assert VISITOR not in answer.text and OTHER_VISITOR not in answer.text


def test_pages_read_from_the_database_join_without_gap_or_repetition(
    export, records, seal, monkeypatch
):
    records_a_page(monkeypatch, 1)
    monkeypatch.setattr(reading, "COUNTED", 1)
    waiting = lines(export(level="subjects"))
    seal()
    sealed = lines(export(level="subjects"))

    assert waiting == records()
    assert sorted(sealed, key=lambda record: record["recorded_at"]) == records()
    assert len(lines(export(level="counts"))) == 4


def test_an_archived_site_can_still_be_exported(export, app, clock):
    from consent_server.sites.archiving import archive

    with app.app_context():
        archive("demo", clock.instant)

    assert len(lines(export())) == 4


def test_an_export_is_streamed(export, monkeypatch):
    records_a_page(monkeypatch, 1)

    with export(buffered=False) as answer:
        pieces = [piece for piece in answer.iter_encoded() if b"record_id" in piece]

    assert answer.is_streamed
    assert len(pieces) == 4


def test_acell_is_never_a_formula():
    texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\uff1d1", '=HYPERLINK("x")', "-AbC"]

    assert [cell(text) for text in texts] == [f"'{text}" for text in texts]
    assert cell("demo") == "demo"
