"""An export that cannot be made to its end says so in its last line, and so does the verifier."""

import csv
import json

import pytest
from structlog.testing import capture_logs

from consent_server.db import db
from consent_server.exports.service import WAITING
from consent_server.sealing.errors import EvidenceDamaged
from consent_server.trail.service import leave_line
from tests.builders import ORIGIN, OTHER_VISITOR, VISITOR, acceptance, refusal
from tests.cli.conftest import run  # noqa: F401 (a fixture)
from tests.exports.paging import records_a_page
from tests.log.tampering import unguarded

URL = "/v1/sites/demo/export"
FORMS = ["jsonl", "csv", "jsonld"]
#: The last entry of a record.
LAST = "(SELECT max(leaf_index) FROM log_entries WHERE record_id IS NOT NULL)"
OF_A_RECORD = f"UPDATE log_entries SET entry = {{x}} WHERE leaf_index = {LAST}"  # noqa: S608
#: What somebody changed → what is said of it.
DAMAGES = {
    "record": (
        "UPDATE consent_records SET services = '[1]' WHERE record_id = "  # noqa: S608
        f"(SELECT record_id FROM log_entries WHERE leaf_index = {LAST})",
        "record (entry {record})",
    ),
    "entry": (OF_A_RECORD, "log (entry {record})"),
    "tombstone": (
        "UPDATE log_entries SET entry = {tombstone} WHERE leaf_index = "
        "(SELECT max(leaf_index) FROM log_entries)",
        "log (entry {last}: is none of this log's format)",
    ),
    "artifact": (
        "UPDATE log_entries SET entry = {artifact} WHERE leaf_index = "
        "(SELECT max(leaf_index) FROM log_entries)",
        "log (entry {last}: is none of this log's format)",
    ),
    "short tile": (
        "UPDATE log_tiles SET hashes = substr(hashes, 1, 32) WHERE level = 0",
        "log (tile 0/000.p/{size} is not stored)",
    ),
    "no tile": (
        "DELETE FROM log_tiles WHERE level = 0",
        "log (tile 0/000.p/{size} is not stored)",
    ),
}
ENTRIES = {"x": b"x", "tombstone": b'{"i":', "artifact": b'{"h":\xff'}


@pytest.fixture
def size(client, decide, seal, clock, rows):
    """A log whose last entry is a tombstone, and a record that waits; gives how many it has."""
    for consent_id in (VISITOR, OTHER_VISITOR):
        decide(acceptance(consent_id=consent_id))
    for _ in range(4):
        decide(refusal())
    seal()
    headers = {"Origin": ORIGIN, "Consent-Id": VISITOR}
    assert client.delete("/v1/sites/demo/me", headers=headers).status_code == 200
    clock.advance(minutes=1)
    seal()
    decide(refusal())
    return max(row["size"] for row in rows("log_checkpoints"))


@pytest.fixture
def record(size, rows):
    """The place of the last record in the log."""
    return max(row["leaf_index"] for row in rows("log_entries") if row["record_id"] is not None)


@pytest.fixture
def change(app):
    """Change a row past every guard."""

    def change(statement):
        with app.app_context(), unguarded(db.engine) as connection:
            is_sqlite = db.engine.dialect.name == "sqlite"
            form = "x'{}'" if is_sqlite else "'\\x{}'::bytea"
            entries = {name: form.format(entry.hex()) for name, entry in ENTRIES.items()}
            longer = f"entry || {entries['x']}"
            entries["longer"] = f"CAST({longer} AS BLOB)" if is_sqlite else longer
            # What follows ``::`` would be a parameter.
            done = connection.exec_driver_sql(statement.format(**entries))
            assert done.rowcount == 1

    return change


@pytest.fixture
def broken(client, api_key, tmp_path):
    """Export as far as it goes, to a file."""
    key = api_key("export")

    def broken(form, **asked):
        path = tmp_path / f"broken.{form}"
        asked = {"format": form, **asked}
        answer = client.get(URL, query_string=asked, headers=key, buffered=False)
        assert answer.status_code == 200, answer.text
        with pytest.raises(EvidenceDamaged), path.open("wb") as file:
            file.writelines(answer.response)
        answer.close()
        return path

    return broken


@pytest.mark.parametrize("page", [1, 2000])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("damage", DAMAGES)
def test_it_says_what_was_damaged_and_so_does_the_verifier(
    size, record, change, broken, verified, monkeypatch, damage, form, page
):
    records_a_page(monkeypatch, page)
    statement, where = DAMAGES[damage]
    change(statement)

    path = broken(form)

    told = where.format(last=size - 1, size=size, record=record)
    detail = f"{told} is not what was signed; run: log audit"
    last = said_by(path, form)
    assert (last["reason"], last["detail"]) == ("evidence_damaged", detail)
    assert f"{last['part']} ({last['place']})" == told
    [problem] = verified(path).problems
    said = f"the file ends without a manifest, and its last line says why: {detail}"
    assert problem.text == said


def said_by(path, form):
    """The last line of a file, which is well-formed to there."""
    data = path.read_bytes()
    if form == "jsonld":
        return json.loads(data)["consent:problem"]
    if form == "csv":
        rows = list(csv.reader(data.decode().splitlines()))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert rows[-1][0] == "#problem"
        return json.loads(rows[-1][1])
    return [json.loads(line) for line in data.splitlines()][-1]["problem"]


@pytest.mark.parametrize("form", FORMS)
def test_a_first_record_of_all_that_cannot_be_read(
    app, decide, seal, change, broken, verified, form
):
    decide(refusal())
    seal()
    change("UPDATE consent_records SET services = '[1]'")

    assert said_by(path := broken(form), form)["part"] == "record"
    assert "its last line says why: record (" in verified(path).problems[0].text


def test_an_entry_of_a_bundle_is_told_before_the_file_begins(size, seal, change, client, api_key):
    seal()
    change("UPDATE log_entries SET entry = {longer} WHERE leaf_index = 0")

    answer = client.get(URL, query_string={"format": "csv"}, headers=api_key("export"))

    assert (answer.status_code, answer.json["reason"]) == (409, "evidence_damaged")
    assert answer.json["place"].startswith("entry 0: ")


def test_of_what_waits_for_the_log_it_says_that(size, change, broken):
    waiting = "(SELECT record_id FROM log_queue WHERE record_id IS NOT NULL)"
    change(f"UPDATE consent_records SET services = '[1]' WHERE record_id = {waiting}")  # noqa: S608

    assert said_by(broken("jsonl"), "jsonl")["place"] == WAITING


#: An instant that is read as another one, and one that is none, by engine.
INSTANTS = {
    "sqlite": ("substr(recorded_at, 1, 19) || 'Z'", "'yesterday'"),
    "postgresql": ("recorded_at + interval '1 microsecond'", "'infinity'"),
}


@pytest.mark.parametrize("level", ["counts", "decisions", "subjects"])
def test_it_ends_where_the_instant_of_what_waits_is_read_as_another_one(
    app, size, clock, decide, change, broken, database_url, level
):
    """After it, as it is read, the same record would come, for ever."""
    clock.advance(seconds=1)
    with app.app_context():  # whatever is queued later lets that record be of those that wait
        leave_line("demo", "os:somebody", "audit", clock.instant)
    finer, _ = INSTANTS[database_url.partition(":")[0].partition("+")[0]]
    waiting = "(SELECT record_id FROM log_queue WHERE record_id IS NOT NULL)"
    change(f"UPDATE consent_records SET recorded_at = {finer} WHERE record_id = {waiting}")  # noqa: S608

    place = "of those that are counted" if level == "counts" else WAITING
    assert said_by(broken("jsonl", level=level), "jsonl")["place"] == place


def test_nothing_is_counted_of_no_day(size, record, change, broken, database_url):
    _, none = INSTANTS[database_url.partition(":")[0].partition("+")[0]]
    change(
        f"UPDATE consent_records SET recorded_at = {none} WHERE record_id = "  # noqa: S608
        f"(SELECT record_id FROM log_entries WHERE leaf_index = {record})"
    )

    said = said_by(broken("jsonl", level="counts"), "jsonl")
    assert (said["part"], said["place"]) == ("record", "of those that are counted")


def test_the_command_says_it_too_and_goes_on_when_it_is_mended(
    run,  # noqa: F811
    record,
    change,
    tmp_path,
):
    change(OF_A_RECORD.replace("{x}", "{longer}"))
    path = tmp_path / "demo.jsonl"
    words = ("export", "demo", "--format", "jsonl")

    with capture_logs():  # which are on standard error
        on_file, on_output = run(*words, "-o", path), run(*words)
    part = (tmp_path / "demo.jsonl.part").read_text()
    change(OF_A_RECORD.format(x="substr(entry, 1, length(entry) - 1)"))
    resumed = run(*words, "-o", path, "--resume")

    assert (on_file.exit_code, on_output.exit_code, resumed.exit_code) == (1, 1, 0)
    said = f"log (entry {record}) is not what was signed; run: log audit"
    assert on_file.stderr.splitlines()[-1] == f"evidence_damaged: {said}"
    for written in (part, on_output.stdout):
        assert json.loads(written.splitlines()[-1])["problem"]["detail"] == said
    assert run("verify", path).exit_code == 0
