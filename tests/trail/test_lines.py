"""Every read and change by the house leaves one line, which is in the log."""

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

import pytest
import sqlalchemy as sa

from consent_server import rowscope
from consent_server.db import db
from consent_server.ledger.entries import Artifact
from consent_server.log.queue import queue_artifact
from consent_server.sealing.audit import Audit
from consent_server.sealing.errors import LogInconsistent
from consent_server.trail import service
from consent_server.trail.service import ACTIONS, leave_line
from tests.builders import VISITOR, acceptance
from tests.databases import administrator_of
from tests.log.tampering import unguarded
from tests.test_docs import DOCS


@pytest.fixture
def lines(client, api_key):
    """Read the lines of the trail but for those about this reading."""

    def lines(site="demo"):
        answer = client.get(f"/v1/sites/{site}/trail", headers=api_key("admin", site=site))
        assert answer.status_code == 200, answer.text
        return [line for line in answer.json["lines"] if line["what"] != "trail"]

    return lines


@pytest.fixture
def findings(app):
    """What ``log audit`` finds."""

    def findings():
        with app.app_context():
            return [str(f) for f in Audit("demo", app.extensions["consent_notary"]).findings()]

    return findings


@pytest.fixture
def record_id(decide, seal):
    """Of a grant that is in the log."""
    found = decide(acceptance()).json["record_id"]
    seal()
    return found


READS = {
    "export": ("export?format=csv&event=given", {"format": "csv", "level": "decisions"}),
    "list": ("consents?level=subjects", {"level": "subjects", "is_first": True, "limit": 100}),
    "proof": ("consents/{record}/proof?format=html", {"format": "html"}),
}


@pytest.mark.parametrize("what", READS)
def test_a_read_leaves_one_line_with_who_what_when_and_why(
    client, api_key, clock, record_id, lines, what
):
    path, facts = READS[what]
    key = api_key("export")
    url = f"/v1/sites/demo/{path.format(record=record_id)}"
    answer = client.get(f"{url}&why=audit%20of%20November", headers=key)

    [line] = lines()
    assert answer.status_code == 200
    assert line["who"] == "key:" + key["Authorization"].split("_")[2]
    assert line["what"] == what
    assert line["why"] == "audit of November"
    assert line["at"] == clock.instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert facts.items() <= line["facts"].items()
    assert record_id not in json.dumps(line) and VISITOR not in json.dumps(line)


def test_who_is_refused_leaves_none(client, api_key, record_id, lines):
    paths = [path.format(record=record_id) for path, _ in READS.values()]
    answers = [client.get(f"/v1/sites/demo/{path}", headers=api_key("check")) for path in paths]
    answers += [client.get(f"/v1/sites/demo/{path}") for path in paths]
    answers += [
        client.get(f"/v1/sites/demo/{path}&why=%0Aroot", headers=api_key("export"))
        for path in paths
    ]

    assert [answer.status_code for answer in answers] == [403] * 3 + [401] * 3 + [422] * 3
    assert lines() == []


def test_the_trail_is_for_administrators_of_its_site(client, api_key, site, publish):
    publish("other")
    url = "/v1/sites/demo/trail"
    answers = [
        client.get(url),
        client.get(url, headers=api_key("export")),
        client.get(url, headers=api_key("admin", site="other")),
        client.get(url, headers=api_key("admin")),
    ]

    assert [answer.status_code for answer in answers] == [401, 403, 404, 200]
    assert [line["what"] for line in answers[-1].json["lines"]] == ["trail"]


def test_the_trail_comes_in_pages(client, api_key, site, clock, app):
    with app.app_context():
        for _ in range(5):
            leave_line("demo", "os:anna", "audit", clock.instant)
    key, after, numbers = api_key("admin"), 0, []
    for _ in range(3):
        url = f"/v1/sites/demo/trail?limit=2&after={after}"
        page = client.get(url, headers=key).json
        numbers += [line["number"] for line in page["lines"]]
        after = page["next"]

    assert numbers == [1, 2, 3, 4, 5, 6]
    assert after is not None  # the three reads are lines themselves


def test_lines_are_in_the_log_and_the_audit_is_content(
    client, api_key, record_id, seal, findings, rows
):
    client.get("/v1/sites/demo/export?format=csv", headers=api_key("export"))
    waiting = findings()
    seal()

    [entry] = [row["entry"] for row in rows("log_entries") if b'"k":"trail"' in bytes(row["entry"])]
    assert json.loads(bytes(entry))["n"] == "demo/trail/1"
    assert waiting == findings() == []


CHANGES = {
    "who": "UPDATE trail_lines SET who = 'os:nobody' WHERE number = 1",
    "when": "UPDATE trail_lines SET at = '2026-01-01T00:00:00.000Z' WHERE number = 1",
    "why": "UPDATE trail_lines SET why = NULL WHERE number = 1",
    "facts": "UPDATE trail_lines SET facts = CAST('{}' AS json) WHERE number = 1",
    "missing": "DELETE FROM trail_lines WHERE number = 1",
    "added": "INSERT INTO trail_lines (site_id, number, line_id, at, who, what, why, facts) "
    "SELECT site_id, 3, line_id, at, who, what, why, facts FROM trail_lines WHERE number = 1",
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "waiting"])
def test_whoever_changes_a_line_is_found(app, site, clock, seal, findings, change, is_sealed):
    with app.app_context():
        for _ in range(2):
            leave_line("demo", "os:anna", "export", clock.instant, "a reason", level="subjects")
    if is_sealed:
        seal()
    with app.app_context(), unguarded(db.engine) as connection:
        kind = "jsonb" if db.engine.dialect.name == "postgresql" else "text"
        connection.execute(sa.text(CHANGES[change].replace("AS json", f"AS {kind}")))
        connection.commit()

    [finding] = findings()
    assert f"line {3 if change == 'added' else 1} of the trail" in finding


def test_the_service_itself_cannot_change_a_line(app, site, clock, rows):
    with app.app_context():
        leave_line("demo", "os:anna", "audit", clock.instant)
        before = rows("trail_lines")
        statements = ["UPDATE trail_lines SET who = 'x'", "DELETE FROM trail_lines"]
        if db.engine.dialect.name == "postgresql":
            statements.append("TRUNCATE trail_lines")
        else:
            statements.append("INSERT OR REPLACE INTO trail_lines SELECT * FROM trail_lines")
        for statement in statements:
            with (
                pytest.raises(sa.exc.DBAPIError, match="can only be appended to"),
                administrator_of(db.engine).connect() as connection,
            ):
                connection.execute(sa.text(statement))

    assert rows("trail_lines") == before


def test_lines_left_at_once_have_a_number_each(app, site, clock, rows):
    def leave(_):
        with app.app_context(), rowscope.every_site():
            leave_line("demo", "os:anna", "audit", clock.instant)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(leave, range(8)))

    assert [row["number"] for row in rows("trail_lines")] == list(range(1, 9))


def test_a_trail_that_cannot_be_written_shows_nothing(
    client, api_key, record_id, rows, monkeypatch
):
    key = api_key("export")

    def fail(*_):
        raise sa.exc.OperationalError("INSERT", {}, Exception("the disk is full"))

    monkeypatch.setattr(service, "queue_artifact", fail)
    answers = [
        client.get(f"/v1/sites/demo/{path.format(record=record_id)}", headers=key)
        for path, _ in READS.values()
    ]

    assert [answer.status_code for answer in answers] == [503] * 3
    assert rows("trail_lines") == []
    assert all(record_id not in answer.text for answer in answers)


def test_the_docs_name_every_action():
    text = (DOCS / "trail.md").read_text()
    rows_ = "\n".join(line.split("|")[1] for line in text.splitlines() if line.startswith("| `"))
    assert [what for what in ACTIONS if f"`{what}`" not in rows_] == []


def test_a_line_that_goes_with_its_queued_entry_leaves_a_gap(app, site, clock, findings):
    with app.app_context():
        for _ in range(3):
            leave_line("demo", "os:anna", "audit", clock.instant)
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.text("DELETE FROM trail_lines WHERE number = 2"))
        waiting = connection.execute(sa.text("SELECT queue_id, entry FROM log_queue")).all()
        [queue_id] = [row.queue_id for row in waiting if b"/trail/2" in bytes(row.entry)]
        connection.execute(sa.text("DELETE FROM log_queue WHERE queue_id = :id"), {"id": queue_id})
        connection.commit()

    assert findings() == ["line 2 of the trail is missing"]


@pytest.mark.parametrize("number", ["0", "01", "9" * 20, "x", ""])
@pytest.mark.parametrize("kind", ["trail", "key"])
def test_an_entry_that_names_no_line_and_no_key_is_a_finding(
    app, site, clock, seal, findings, kind, number
):
    with app.app_context():
        queue_artifact("demo", Artifact(kind, f"demo/{kind}/{number}", "A" * 43), clock.instant)
        db.session.commit()
    with nullcontext() if kind == "key" else pytest.raises(LogInconsistent, match="names no line"):
        seal()

    [finding] = findings()
    assert finding.startswith("index 2: names " if kind == "key" else "names no line")


@pytest.mark.parametrize("after", ["9007199254740992", "-1", "1e3"])
def test_a_number_that_no_line_has_is_refused(client, api_key, site, after):
    answer = client.get(f"/v1/sites/demo/trail?after={after}", headers=api_key("admin"))

    assert (answer.status_code, answer.json["reason"]) == (422, "invalid_request")
