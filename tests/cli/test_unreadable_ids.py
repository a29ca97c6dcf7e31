"""Ids that somebody changed to what is no text: named, and in nobody's way. SQLite keeps such."""

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from consent_server.db import db
from tests.builders import VISITOR, acceptance, refusal
from tests.log.tampering import unguarded


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


@pytest.fixture
def change(app):
    """Put bytes that are no UTF-8 behind what rows have, past every guard."""

    def change(column, where):
        table, _, name = column.partition(".")
        changed = f"UPDATE {table} SET {name} = {name} || CAST(x'ff' AS TEXT) WHERE {where}"  # noqa: S608
        with app.app_context(), unguarded(db.engine) as connection:
            assert connection.execute(sa.text(changed)).rowcount >= 1

    return change


@pytest.fixture
def two_sites(publish, decide, seal):
    """Two sites, with a record each."""
    other = publish("other")
    decide(refusal(bundle=other.bundle_hash), site_id="other")
    decide(acceptance())


@pytest.fixture
def damaged(two_sites, change):
    """Two sites, of which one has no id any more."""
    change("sites.id", "id = 'demo'")


def test_the_other_sites_are_listed_and_it_is_named(run, run_json, damaged):
    told, as_json = run("site", "list"), run_json("site", "list")

    assert told.exit_code == 0
    other, unnamed = told.stdout.splitlines()
    assert other.startswith("other") and "revision 1" in other
    assert unnamed.startswith(r"demo\xff ") and "its id cannot be read" in unnamed
    assert [line["site"] for line in as_json] == ["other", r"demo\xff"]


def test_the_other_sites_are_purged_and_it_is_named(run, damaged, clock, records):
    clock.advance(days=1500)

    with capture_logs():
        purged, lapsed = run("purge"), run("lapse")

    assert records("other") == []
    said = purged.stderr.splitlines()[-1]
    assert purged.exit_code == 1
    assert said.startswith("row_unreadable: ") and r"demo\xff" in said
    assert lapsed.exit_code == 0


@pytest.mark.parametrize(
    ("column", "where"),
    [
        ("sites.id", "id = 'demo'"),
        ("log_queue.site_id", "site_id = 'demo'"),
        ("log_checkpoints.site_id", "site_id = 'demo'"),
    ],
)
def test_the_other_logs_are_sealed(run, two_sites, change, rows, column, where):
    change(column, where)
    before = len(rows("log_entries", site="other"))

    with capture_logs():
        run("log", "seal")

    assert len(rows("log_entries", site="other")) > before
    assert run("log", "audit", "other").exit_code == 0


@pytest.mark.parametrize("words", [["keys", "rotate"], ["selfcheck"], ["trail", "other"]])
def test_what_is_about_all_sites_is_done(run, damaged, words):
    result = run(*words)

    assert "row_unreadable" not in result.stderr
    assert words == ["selfcheck"] or result.exit_code == 0
    assert words != ["selfcheck"] or r"cannot be read of demo\xff" in result.stdout


def test_erasures_are_not_called_done_of_a_site_that_nobody_can_look_at(run, damaged):
    result = run("rights", "replay")

    assert result.exit_code == 1
    assert r"demo\xff" in result.stderr


def test_no_key_of_the_logs_is_retired_that_one_may_need(run, two_sites, change):
    change("log_checkpoints.site_id", "site_id = 'demo'")

    result = run("log", "rotate-key")

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("row_unreadable: ")


@pytest.mark.parametrize("column", ["api_keys.id", "api_keys.site_id"])
def test_the_other_keys_are_listed_and_it_is_named(run, run_json, two_sites, change, column):
    for site in ("demo", "other"):
        run_json("key", "create", site, "--scope", "check")
    change(column, "site_id = 'demo'")

    told, as_json = run("key", "list"), run_json("key", "list")

    assert told.exit_code == 0
    broken, sound = sorted(told.stdout.splitlines(), key=lambda line: "in force" in line)
    assert "cannot be read" in broken and r"\xff" in broken
    assert sound.endswith("in force")
    assert sum("problem" in line for line in as_json) == 1


def test_what_is_held_about_a_visitor_is_not_told_by_half(run, two_sites, change, tmp_path):
    change("consent_records.record_id", "site_id = 'demo'")
    path = tmp_path / "id"
    path.write_text(VISITOR)

    with capture_logs():
        result = run("rights", "show", "demo", "--consent-id-file", path)

    assert result.exit_code == 1
    assert result.stderr.startswith("evidence_damaged: ")
