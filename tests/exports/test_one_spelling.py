"""What says the same in another way, or almost, is not verified, whoever signed it."""

import csv
import json

import pytest

from consent_server import verification
from consent_server.verification import Trusted
from tests.builders import a_decision
from tests.exports.signing import line_of
from tests.exports.tampering import csv_row


@pytest.fixture(params=[True, False], ids=["orjson", "json"])
def reader(request, monkeypatch):
    """Both readers of JSON find the same."""
    if not request.param:
        monkeypatch.setattr(verification, "fast", None)


def changed_line(change, at):
    def changed(parts, manifest):
        row = json.loads(parts.rows[at])
        change(row)
        parts.rows[at] = line_of(row)

    return changed


def refusal_in(path):
    """Return the first row without a subject: one that asked about no service."""
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    return next(at for at, row in enumerate(rows) if row["subject"] is None)


@pytest.mark.one_row_in(3)
@pytest.mark.parametrize("member", ["services", "subject", "n"])
@pytest.mark.parametrize("value", [0, [], {}, False, None, ""], ids=repr)
def test_what_is_empty_in_another_way(sealed, export_to, sign_again, member, value):
    path = export_to("jsonl", "subjects")
    at = refusal_in(path)
    as_it_is = {} if member == "services" else None

    report = sign_again(path, changed_line(lambda row: row.update({member: value}), at))

    assert report.is_good is (value == as_it_is and type(value) is type(as_it_is))


@pytest.mark.one_row_in(3)
@pytest.mark.parametrize("value", [0, 1, 1.0, 10**30, None, True], ids=repr)
@pytest.mark.parametrize("member", ["superseded", "count"])
def test_a_count_in_another_type(sealed, export_to, sign_again, reader, member, value):
    path = export_to("jsonl", "counts")

    report = sign_again(path, changed_line(lambda row: row.update({member: value}), -1))

    wanted = (int, bool)[member == "superseded"]  # a count proves nothing but that it was signed
    assert report.is_good is (type(value) is wanted and value != 10**30)


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**30])
def test_a_number_that_readers_take_for_different_ones(
    sealed, export_to, sign_again, reader, number
):
    report = sign_again(
        export_to("jsonl"), changed_line(lambda row: row.update(revision=number), 3)
    )

    assert not report.is_good


def another_end(parts, manifest):
    parts.rows[3] = parts.rows[3].replace(b"\r\n", b"\r\r\n")


def narrow_trailer(parts, manifest):
    parts.trailer[0] = csv_row(next(csv.reader([parts.trailer[0].decode()]))[:2])


def wide_trailer(parts, manifest):
    parts.trailer[0] = csv_row([*next(csv.reader([parts.trailer[0].decode()])), ""])


def no_services(parts, manifest):
    parts.rows[:] = [line.replace(b",{},", b",,") for line in parts.rows]


CELLS = [another_end, narrow_trailer, wide_trailer, no_services]


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize("change", CELLS)
def test_a_row_in_another_spelling(sealed, export_to, sign_again, reader, change):
    assert not sign_again(export_to("csv"), change).is_good


def test_null_is_no_other_word(decide, seal, export_to, sign_again, reader):
    decide(a_decision(services={"stats": True}))
    seal()

    def no_number(parts, manifest):
        assert b'""ended"":null' in parts.rows[0]
        parts.rows[0] = parts.rows[0].replace(b'""ended"":null', b'""ended"":NaN')

    assert not sign_again(export_to("csv"), no_number).is_good


@pytest.mark.parametrize("kind", [float, str])
def test_the_place_in_a_pack_is_a_number(client, api_key, sealed, tmp_path, verified, kind):
    key = api_key("export")
    [row] = client.get("/v1/sites/demo/consents?limit=1", headers=key).json["records"]
    address = f"/v1/sites/demo/consents/{row['record_id']}/proof"
    pack = client.get(address, headers=key).json
    path = tmp_path / "pack.json"
    path.write_text(json.dumps(pack))
    assert verified(path).is_good

    path.write_text(json.dumps({**pack, "log_index": kind(pack["log_index"])}))

    assert not verified(path).is_good


def test_the_key_that_is_told_is_the_one_that_was_given(sealed, export_to, sign_again, verified):
    def another_key(parts, manifest):
        manifest["vkey"] = manifest["vkey"].partition("+")[0] + "+00000000+of+another"

    path = export_to("jsonl")
    given = json.loads(path.read_bytes().splitlines()[-1])["manifest"]["vkey"]
    sign_again(path, another_key)

    report = verification.verify(path, Trusted(given))

    assert report.is_good
    assert any(f"Key: {given}" in text for text in report.proved)
