"""Rows that somebody changed so that they cannot be read: named in words, beside the others."""

import json

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.sites import parsing
from tests.builders import acceptance
from tests.log.tampering import unguarded


@pytest.fixture
def change(app):
    """Change rows past every guard; ``{instant}`` is what no Python reads as one."""

    def change(statement):
        parsing.parsed_bundle.cache_clear()
        with app.app_context(), unguarded(db.engine) as connection:
            is_sqlite = db.engine.dialect.name == "sqlite"
            instant = "'yesterday'" if is_sqlite else "'infinity'"
            done = connection.execute(sa.text(statement.replace("{instant}", instant)))
            assert done.rowcount == 1

    return change


@pytest.mark.parametrize(
    "damage", ["scopes = 'null'", "scopes = '7'", "scopes = '[7]'", "created_at = {instant}"]
)
def test_a_key_is_listed_and_revoked(run, run_json, site, client, change, damage):
    keys = [run_json("key", "create", "demo", "--scope", "check")["key"] for _ in range(2)]
    broken, sound = (key.split("_")[2] for key in keys)
    change(f"UPDATE api_keys SET {damage} WHERE id = '{broken}'")  # noqa: S608

    told, as_json = run("key", "list"), run_json("key", "list", "demo")
    revoked = run("key", "revoke", broken)

    assert told.exit_code == 0
    lines = {line[:8]: line for line in told.stdout.splitlines()}
    assert "demo" in lines[broken] and "cannot be read" in lines[broken]
    assert lines[sound].endswith("in force")
    assert {"id": broken, "site": "demo", "problem": "cannot be read"} in as_json
    assert revoked.stdout == f"{broken}: revoked\n"
    answers = [
        client.get("/v1/check?site=demo", headers={"Authorization": f"Bearer {key}"})
        for key in keys
    ]
    assert [answer.status_code for answer in answers] == [401, 200]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE publications SET bundle = '{' WHERE site_id = 'demo'",
        "UPDATE publications SET document = '[]' WHERE site_id = 'demo'",
        "UPDATE publications SET published_at = {instant} WHERE site_id = 'demo'",
        "UPDATE sites SET archived_at = {instant} WHERE id = 'demo'",
    ],
)
def test_a_site_keeps_no_other_from_being_listed(run, run_json, publish, change, damage):
    for name in ("demo", "other"):
        publish(name)
    change(damage)

    told, as_json = run("site", "list"), run_json("site", "list")

    assert told.exit_code == 0
    first, second = told.stdout.splitlines()
    is_read = "SET bundle" in damage  # the list says nothing of it
    assert ("cannot be read" in first) is not is_read
    assert second.startswith("other") and "revision 1" in second
    assert [line["site"] for line in as_json] == ["demo", "other"]


@pytest.mark.parametrize("words", [["site", "show", "demo"], ["export", "demo"]])
def test_a_command_about_it_says_so(run, publish, change, words):
    publish("demo")
    change("UPDATE publications SET published_at = {instant} WHERE site_id = 'demo'")

    result = run(*words)

    assert result.exit_code == 1
    assert result.stderr.startswith("row_unreadable: ")


@pytest.fixture
def archived(publish, change):
    """A site of which it cannot be read when it was archived."""
    publish("demo")
    change("UPDATE sites SET archived_at = {instant} WHERE id = 'demo'")


def test_a_site_that_is_archived_anew_says_since_when(run, run_json, archived, rows, seal):
    before = run("site", "list").stdout

    told = run("site", "archive", "demo", "--why", "mended")
    again = run("site", "archive", "demo")

    assert "site archive or site publish writes it anew" in before
    said = "demo: archived; when it was archived could not be read, and is now\n"
    assert (told.exit_code, told.stdout) == (0, said)
    assert again.stdout == "demo: archived\n"
    assert run_json("site", "list")[0]["archived_at"] == "2026-11-22T20:00:00.000Z"
    lines = [(row["what"], row["why"]) for row in rows("trail_lines", "number")]
    assert lines == [("mend", "mended"), ("archive", "mended"), ("archive", None)]
    seal()
    assert run("log", "audit", "demo").exit_code == 0


def test_a_site_that_is_published_anew_is_in_service_again(
    run, run_json, archived, rows, document, client, seal
):
    told = run("site", "publish", document())

    assert told.exit_code == 0
    said = "demo: when it was archived could not be read; it is in service again"
    assert said in told.stdout.splitlines()
    assert run_json("site", "list")[0]["archived_at"] is None
    assert client.get("/s/demo.js").status_code == 200
    lines = [row["what"] for row in rows("trail_lines", "number")]
    assert lines == ["mend", "publish"]
    seal()
    assert run("log", "audit", "demo").exit_code == 0


def test_a_site_that_is_archived_keeps_its_instant(run, run_json, publish, clock):
    publish("demo")
    run("site", "archive", "demo")
    clock.advance(days=1)

    assert run_json("site", "archive", "demo") == {"site": "demo", "archived": True}
    assert run_json("site", "list")[0]["archived_at"] == "2026-11-22T20:00:00.000Z"


def test_selfcheck_names_the_site(run, publish, change):
    for name in ("demo", "other"):
        publish(name)
    change("UPDATE publications SET document = '[]' WHERE site_id = 'demo'")

    result = run("selfcheck", "--json")

    [line] = [line for line in json.loads(result.stdout)["checks"] if line["name"] == "origins"]
    assert (line["status"], line["seen"]) == ("warn", "what is published cannot be read of demo")


def test_the_other_sites_are_purged(run, publish, decide, clock, change, records):
    other = publish("other")
    decide(acceptance(bundle=other.bundle_hash), site_id="other")
    change("UPDATE publications SET bundle = '{' WHERE site_id = 'demo'")
    clock.advance(days=1500)

    result = run("purge")

    assert result.stderr.splitlines()[-1].startswith("row_unreadable: ")
    assert records("other") == []


@pytest.mark.parametrize("facts", ["7", "[]", "null"])
def test_a_line_of_the_trail_says_so(run, publish, change, client, api_key, facts):
    publish("demo")
    run("trail", "demo")
    change(f"UPDATE trail_lines SET facts = '{facts}' WHERE number = 1")  # noqa: S608

    told = run("trail", "demo")
    answer = client.get("/v1/sites/demo/trail", headers=api_key("admin"))

    assert (told.exit_code, told.stderr[:16]) == (1, "row_unreadable: ")
    assert (answer.status_code, answer.json["reason"]) == (503, "row_unreadable")


def test_a_record_that_is_to_be_corrected_says_so(run, decide, change):
    record_id = decide(acceptance()).json["record_id"]
    change("UPDATE consent_records SET services = '[1]'")

    result = run("rights", "correct", "demo", "--record", record_id, "--refuse", "marketing")

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("evidence_damaged: ")
