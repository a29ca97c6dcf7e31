"""``log``: what an operator signs, shows and verifies."""

import json

import pytest
import sqlalchemy as sa
from tqdm import tqdm

from consent_server.db import db
from tests.builders import acceptance, bundle_hash, refusal
from tests.log.tampering import unguarded


@pytest.fixture
def tamper(app):
    def tamper(statement):
        with app.app_context(), unguarded(db.engine) as connection:
            connection.execute(sa.text(statement))

    return tamper


@pytest.fixture
def decide_there(app, decide):
    """Decide on the site ``other``."""

    def decide_there(body):
        return decide({**body, "bundle": bundle_hash("other")}, site_id="other")

    return decide_there


def test_every_log_that_has_something_waiting_is_sealed(run, decide, publish, decide_there):
    decide(acceptance())
    publish("other")
    decide_there(refusal())

    first, second = run("log", "seal"), run("log", "seal")

    assert first.exit_code == second.exit_code == 0
    assert first.stdout == "demo: 1 entry added\nother: 1 entry added\n"
    assert second.stdout == ""


def test_a_checkpoint_is_printed_as_it_is_served(run, published_unsealed, client):
    early = run("log", "checkpoint", "demo")
    run("log", "seal", "demo")

    printed = run("log", "checkpoint", "demo")

    assert (early.exit_code, early.stderr[:10]) == (1, "log_empty:")
    assert printed.stdout == client.get("/v1/sites/demo/log/checkpoint").text


def test_an_audit_of_what_was_not_touched_ends_with_0(run, run_json, decide):
    decide(acceptance())
    run("log", "seal")

    result = run("log", "audit", "demo")

    assert (result.exit_code, result.stdout) == (0, "demo: 3 entries, as they were signed\n")
    assert run_json("log", "audit", "demo") == {
        "site": "demo",
        "entries": 3,
        "findings": [],
        "alarm": None,
    }


def test_an_audit_says_how_far_it_is(run, decide, monkeypatch):
    decide(acceptance())
    run("log", "seal")
    bars = []

    class OnATerminal(tqdm):
        def __init__(self, **options):
            super().__init__(**{**options, "disable": False})
            bars.append(self)

    monkeypatch.setattr("consent_server.cli.log.tqdm", OnATerminal, raising=False)
    result = run("log", "audit", "demo", "--json")

    assert [(bar.n, bar.unit) for bar in bars] == [(3, " entries")]
    assert "3 entries" in result.stderr
    assert json.loads(result.stdout)["entries"] == 3


def test_an_audit_names_the_first_bad_index_and_ends_with_1(run, decide, tamper):
    record_id = decide(acceptance()).json["record_id"]
    run("log", "seal")
    tamper("UPDATE consent_records SET language = 'en'")

    result, as_json = run("log", "audit", "demo"), run("log", "audit", "demo", "--json")

    problem = f"record {record_id}: its decision is not what was committed to"
    assert (result.exit_code, as_json.exit_code) == (1, 1)
    assert result.stdout == f"demo: index 2: {problem}\n"
    assert json.loads(as_json.stdout)["findings"] == [{"index": 2, "problem": problem}]


def test_a_log_that_is_refused_keeps_no_other_from_being_sealed(
    run, decide, publish, decide_there, tamper
):
    decide(acceptance())
    tamper("UPDATE consent_records SET language = 'en'")
    publish("other")
    decide_there(refusal())

    sealed, audited = run("log", "seal"), run("log", "audit", "demo")

    assert sealed.exit_code == 1
    assert sealed.stdout.endswith("other: 1 entry added\n")
    assert "demo: record_differs: record " in sealed.stderr
    assert "demo: the log is not signed: record_differs: record " in audited.stdout
    assert audited.exit_code == 1


@pytest.mark.parametrize(
    ("column", "values"), [("note", ["''"]), ("signed_at", ["'infinity'", "'yesterday'"])]
)
def test_nor_does_one_whose_checkpoint_cannot_be_read(
    app, run, decide, publish, decide_there, tamper, column, values
):
    decide(acceptance())
    publish("other")
    decide_there(refusal())
    with app.app_context():
        unreadable = values[0 if db.engine.dialect.name == "postgresql" else -1]
    tamper(f"UPDATE log_checkpoints SET {column} = {unreadable} WHERE site_id = 'demo'")  # noqa: S608

    sealed, looked_at = run("log", "seal"), run("selfcheck")

    assert sealed.exit_code == 1
    assert sealed.stdout.endswith("other: 1 entry added\n")
    assert "Traceback" not in sealed.stdout
    assert sealed.stderr.startswith("demo: log_inconsistent: ")
    assert "fail  logs-whole             1: demo: " in looked_at.stdout


@pytest.mark.parametrize("words", [["seal"], ["audit"], ["checkpoint"], ["witness"]])
def test_a_site_that_does_not_exist_has_no_log(run, words):
    result = run("log", *words, "nowhere")

    assert result.exit_code == 1
    assert "site_unknown: " in result.stderr


def test_secrets_of_the_log_are_in_files_of_this_user_and_in_no_table(app, run, decide, rows_of):
    decide(refusal())
    run("log", "seal")
    folder = app.extensions["consent_settings"].data_dir
    key, head = folder / "keys" / "log.json", folder / "log" / "demo.checkpoint"

    assert [path.stat().st_mode & 0o777 for path in (key, head)] == [0o600, 0o600]
    assert (folder / "log").stat().st_mode & 0o777 == 0o700
    seed = json.loads(key.read_text())["keys"][0]["d"]
    assert seed not in json.dumps(rows_of(), default=str)


@pytest.fixture
def rows_of(app):
    """Every row of every table, bytes as base64url."""
    from consent_server.ledger.canonical import base64url_encode

    def rows_of():
        with app.app_context(), db.engine.connect() as connection:
            return [
                [base64url_encode(v) if isinstance(v, bytes) else v for v in row]
                for table in db.metadata.sorted_tables
                for row in connection.execute(sa.select(table))
            ]

    return rows_of


def test_what_is_published_while_the_log_cannot_be_signed_is_said_to_wait(
    run, decide, document, tamper, client
):
    before = client.get("/v1/sites/demo/bundle").json["hash"]
    decide(acceptance())
    tamper("UPDATE consent_records SET language = 'en'")

    told = run("site", "publish", document(name="Another name"))
    again = run("site", "publish", document(name="Another name"))
    as_json = run("site", "publish", document(name="A third name"), "--json")

    assert (told.exit_code, again.exit_code, as_json.exit_code) == (1, 1, 1)
    assert "demo: nothing to publish, revision 2 stays" in again.stdout
    assert "demo: not in force yet: its log is not signed: record " in again.stderr
    assert "demo: published revision 2" in told.stdout
    assert "demo: not in force yet: its log is not signed: record " in told.stderr
    # Log lines go elsewhere in a process of its own.
    answer = json.loads(as_json.stdout[as_json.stdout.index("{\n") :])
    assert (answer["published"], answer["in_force"]) == (True, False)
    assert answer["pending"].startswith("its log is not signed: ")
    assert client.get("/v1/sites/demo/bundle").json["hash"] == before
