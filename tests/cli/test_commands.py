"""The other commands: exit codes, messages, and secrets that are shown once or never."""

import json

import click
import pytest
import sqlalchemy as sa

from consent_server import schema
from consent_server.cli import main
from consent_server.db import db
from tests.builders import acceptance, refusal
from tests.databases import administrator_of


def every_command(group, path=()):
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from every_command(command, (*path, name))


@pytest.mark.parametrize("words", list(every_command(main)), ids=" ".join)
def test_every_command_explains_itself(words):
    from click.testing import CliRunner

    result = CliRunner().invoke(main, [*words, "--help"])

    assert result.exit_code == 0
    assert "Usage: " in result.stdout


@pytest.mark.parametrize(
    "words",
    [(), ("db",), ("log",), ("rights",)],
    ids=" ".join,
)
def test_a_list_of_commands_cuts_no_sentence(words):
    from click.testing import CliRunner

    result = CliRunner().invoke(main, [*words, "--help"])

    listed = result.stdout.partition("Commands:")[2]
    assert listed.strip() and "..." not in listed


@pytest.mark.parametrize(
    "words",
    [
        ["nothing"],
        ["site", "publish"],
        ["site", "publish", "no-such-file.yaml"],
        ["key", "create", "demo"],
        ["key", "create", "demo", "--scope", "everything"],
        ["export", "demo", "--format", "xlsx"],
        ["export", "demo", "--from", "yesterday"],
        ["token", "inspect"],
    ],
)
def test_wrong_usage_ends_with_2(words):
    from click.testing import CliRunner

    result = CliRunner().invoke(main, words)

    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_a_key_is_shown_once_and_opens_its_site(run, run_json, site, client):
    created = run("key", "create", "demo", "--scope", "check", "--scope", "export")
    key = created.stdout.strip()
    listed = run("key", "list", "demo")
    as_json = run_json("key", "list")

    answer = client.get("/v1/check?site=demo", headers={"Authorization": f"Bearer {key}"})
    assert created.exit_code == 0
    assert answer.status_code == 200
    assert key.startswith("cp_live_") and len(key) == 60
    assert key[-43:] not in listed.output + json.dumps(as_json)
    assert as_json[0]["scopes"] == ["check", "export"]


def test_a_revoked_key_opens_nothing(run, run_json, site, client):
    key = run_json("key", "create", "demo", "--scope", "admin")["key"]

    revoked = run("key", "revoke", key.split("_")[2])

    answer = client.get("/v1/check?site=demo", headers={"Authorization": f"Bearer {key}"})
    assert (revoked.exit_code, answer.status_code) == (0, 401)
    assert "revoked 2026-11-22" in run("key", "list").stdout


@pytest.mark.parametrize(
    "words, reason",
    [
        (["key", "create", "nowhere", "--scope", "check"], "site_unknown"),
        (["key", "list", "nowhere"], "site_unknown"),
        (["key", "revoke", "00000000"], "api_key_unknown"),
        (["keys", "revoke", "nothing", "--yes"], "key_unknown"),
        (["export", "nowhere"], "site_unknown"),
    ],
)
def test_a_refusal_ends_with_1_and_one_message(run, words, reason):
    result = run(*words)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"{reason}: ")
    assert "Traceback" not in result.stderr


def test_what_is_no_token_is_answered_as_json(run):
    result = run("token", "inspect", "nothing")

    assert result.exit_code == 1
    assert json.loads(result.stdout)["reason"] == "token_malformed"


def test_a_token_is_looked_into(run, decide):
    token = decide(acceptance()).json["token"]
    forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")

    good, bad = run("token", "inspect", token), run("token", "inspect", forged)

    assert good.exit_code == 0
    assert json.loads(good.stdout)["verified"] is True
    assert json.loads(good.stdout)["payload"]["aud"] == "demo"
    assert bad.exit_code == 1
    assert json.loads(bad.stdout)["verified"] is False


def test_the_signing_key_is_rotated_and_revoked(run, run_json, decide):
    before = run_json("keys", "list")
    token = decide(acceptance()).json["token"]
    rotated = run("keys", "rotate")
    still = run("token", "inspect", token)
    active = next(key["kid"] for key in before if key["state"] == "active")
    revoked = run("keys", "revoke", active, "--yes")

    assert rotated.exit_code == still.exit_code == revoked.exit_code == 0
    assert f"signing with {active}" not in rotated.stdout
    assert "copy keys/ring.json" in rotated.stderr
    assert run("token", "inspect", token).exit_code == 1


def test_an_export_goes_to_a_file_or_to_standard_output(run, decide, tmp_path):
    decide(acceptance())
    decide(refusal())
    path = tmp_path / "out.jsonl"

    printed = run("export", "demo", "--format", "jsonl", "--level", "subjects")
    written = run("export", "demo", "--format", "jsonl", "--level", "subjects", "-o", path)

    assert printed.exit_code == written.exit_code == 0
    assert path.read_text() == printed.stdout
    # Two records, what was published, and the manifest.
    assert len(printed.stdout.splitlines()) == 5
    assert written.stdout == ""


def test_an_export_of_nothing_is_a_manifest_that_says_so(run, site, tmp_path):
    path = tmp_path / "out.jsonl"

    result = run("export", "demo", "--format", "jsonl", "-o", path)

    assert result.exit_code == 0
    (*published, closing) = map(json.loads, path.read_bytes().splitlines())
    assert closing["manifest"]["rows"] == closing["manifest"]["waiting"] == 0
    assert all(line.keys() == {"log"} for line in published)


def test_an_export_can_be_narrowed(run, decide, clock):
    decide(acceptance())
    clock.advance(days=2)
    decide(refusal())

    def events(*words):
        result = run("export", "demo", "--format", "jsonl", *words)
        lines = map(json.loads, result.stdout.splitlines())
        return [line["event"] for line in lines if "event" in line]

    assert events("--from", "2026-11-23") == ["refused"]
    assert events("--to", "2026-11-23") == ["given"]
    assert events("--event", "given") == ["given"]
    assert events("--from", "2026-11-24T20:00:00Z", "--to", "2026-11-24T20:00:00.001Z") == [
        "refused"
    ]


def test_what_a_scheduled_job_runs_tells_a_script_what_it_did(run, run_json, decide, clock):
    decide(acceptance())
    clock.advance(days=400)

    assert [run_json("lapse"), run_json("lapse")] == [{"lapsed": 1}, {"lapsed": 0}]
    status = run_json("db", "status")
    assert status["found"] == status["needed"] == schema.head()


def test_a_lapse_is_counted(run, decide, clock):
    decide(acceptance())
    clock.set("2027-11-22T20:00:00+00:00")

    assert run("lapse").stdout == "1 consent lapsed\n"
    assert run("lapse").stdout == "0 consents lapsed\n"


def test_the_schema_says_whether_it_is_this_versions(run):
    status, upgrade = run("db", "status"), run("db", "upgrade")

    assert (status.exit_code, upgrade.exit_code) == (0, 0)
    assert "this version needs" in status.stdout


def test_the_settings_are_shown_without_their_secrets(run, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p4ss@h/db?password=p4ss&sslpassword=p4ss")

    text, as_json = run("check-config"), run("check-config", "--json")

    assert text.exit_code == as_json.exit_code == 0
    assert "p4ss" not in text.output + as_json.output
    assert json.loads(as_json.stdout)["DATABASE_URL"].startswith("postgresql+psycopg://u:***@h/db")


def test_the_settings_are_shown_in_words_and_as_json(run, run_json, monkeypatch):
    monkeypatch.setenv("CONSENT_PROXIES", "10.0.0.0/8, ::1")

    lines = dict(line.split(maxsplit=1) for line in run("check-config").stdout.splitlines())
    as_json = run_json("check-config")

    assert lines["CONSENT_PROXIES"] == "10.0.0.0/8, ::1/128"
    assert (lines["CONSENT_AUTO_MIGRATE"], lines["CONSENT_DEMO_CLOCK"]) == ("true", "not set")
    assert as_json["CONSENT_PROXIES"] == ["10.0.0.0/8", "::1/128"]
    assert (as_json["CONSENT_AUTO_MIGRATE"], as_json["CONSENT_DEMO_CLOCK"]) == (True, None)
    assert isinstance(as_json["CONSENT_THREADS"], int)


def test_wrong_settings_are_all_told(run, monkeypatch):
    monkeypatch.setenv("CONSENT_BIND", "nowhere")
    monkeypatch.setenv("CONSENT_LOG_LEVEL", "loud")

    result = run("site", "list")

    assert result.exit_code == 1
    assert "CONSENT_BIND" in result.stderr and "CONSENT_LOG_LEVEL" in result.stderr


def test_a_database_that_does_not_answer_is_one_message_without_the_password(run, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:p4ssw0rd@127.0.0.1:1/db")

    result = run("site", "list")

    assert result.exit_code == 1
    assert result.stderr.startswith("database_unavailable: ")
    assert "p4ssw0rd" not in result.output and "Traceback" not in result.output


def test_a_file_that_cannot_be_opened_is_named(run, monkeypatch, tmp_path):
    place = tmp_path / "missing" / "consent.sqlite3"
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{place}")

    result = run("site", "list")

    assert (result.exit_code, result.stdout) == (1, "")
    assert str(place) in result.stderr


def test_a_database_that_somebody_changed_is_one_message_without_what_it_holds(app, run, site):
    with app.app_context(), administrator_of(db.engine).begin() as administrator:
        administrator.execute(sa.text("ALTER TABLE trail_lines RENAME COLUMN who TO whom"))

    result = run("trail", "demo")

    assert result.exit_code == 1
    assert result.stderr.startswith(("database_changed: UndefinedColumn: ", "database_unavailable"))
    assert "SELECT" not in result.output and isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    "words",
    [["export", "demo"], ["schema"], ["proof", "demo", "RECORD"]],
    ids=lambda words: words[0],
)
def test_a_file_that_cannot_be_written_is_one_message_that_names_it(
    run, decide, seal, tmp_path, words
):
    record = decide(acceptance()).json["record_id"]
    seal()
    path = tmp_path / "nowhere" / "out"

    result = run(*[word.replace("RECORD", record) for word in words], "-o", path)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ") and str(path) in result.stderr
    assert isinstance(result.exception, SystemExit)


def test_a_data_directory_that_cannot_be_made_names_its_setting(run, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CONSENT_DATA_DIR", str(tmp_path / "file" / "data"))

    result = run("site", "list")

    assert result.exit_code == 1
    assert result.stderr.startswith("settings_invalid: ")
    assert f"CONSENT_DATA_DIR: {tmp_path}/file/data cannot be made: " in result.stderr


def test_the_generated_documents_are_written_and_compared(run, tmp_path):
    for name in ("openapi", "schema"):
        path = tmp_path / f"{name}.json"
        assert run(name, "-o", path).exit_code == 0
        assert run(name, "--check", path).exit_code == 0
        path.write_text("{}")
        stale = run(name, "--check", path)
        assert (stale.exit_code, "stale" in stale.output) == (1, True)
