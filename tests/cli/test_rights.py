"""``rights`` and ``purge``: what an operator does for a visitor, and for time."""

import json

import pytest

from consent_server.cli import database
from consent_server.retention.service import require_clock
from tests.builders import VISITOR, a_decision, acceptance, refusal


@pytest.fixture
def id_file(tmp_path):
    path = tmp_path / "consent-id"
    path.write_text(f"{VISITOR}\n")
    return path


def test_the_records_of_a_consent_id_are_shown(run, decide, id_file):
    given = decide(acceptance()).json

    by_file = run("rights", "show", "demo", "--consent-id-file", id_file)
    by_input = run("rights", "show", "demo", "--consent-id-file", "-", input=f"{VISITOR}\n")
    by_word = run("rights", "show", "demo", "--consent-id", VISITOR)

    assert [result.exit_code for result in (by_file, by_input, by_word)] == [0, 0, 0]
    assert by_file.stdout == by_input.stdout == by_word.stdout
    shown = json.loads(by_file.stdout)
    assert [record["record_id"] for record in shown["records"]] == [given["record_id"]]
    assert VISITOR not in by_file.output + by_input.output + by_word.output


def test_the_records_of_a_consent_id_are_erased_also_of_an_archived_site(
    run, run_json, decide, records, id_file
):
    decide(acceptance(1))
    decide(a_decision(n=2))
    decide(refusal())
    run("site", "archive", "demo")

    erased = run("rights", "erase", "demo", "--consent-id-file", id_file)
    again = run("rights", "erase", "demo", "--consent-id-file", id_file)

    assert (erased.exit_code, erased.stdout) == (0, "demo: 2 records erased\n")
    assert (again.exit_code, again.stderr) == (
        1,
        "consent_id_unknown: nothing is recorded under this consent id, "
        "or not the record that was asked for\n",
    )
    assert len(records()) == 1
    assert run_json("rights", "replay") == {"erased": 0, "missing": 0, "other_lists": 0}


@pytest.mark.parametrize("words", [[], ["--consent-id", "short"], ["--consent-id", "A" * 21 + "+"]])
def test_what_is_no_consent_id_is_a_wrong_use_and_is_not_repeated(run, decide, words):
    decide(acceptance())

    result = run("rights", "erase", "demo", *words)

    assert result.exit_code == 2
    assert not words or words[1] not in result.output


def test_a_record_is_corrected(run, decide, records):
    given = decide(acceptance()).json["record_id"]

    result = run("rights", "correct", "demo", "--record", given, "--refuse", "analytics")
    empty = run("rights", "correct", "demo", "--record", given)

    assert result.exit_code == 0
    assert json.loads(result.stdout)["corrects"] == given
    assert json.loads(result.stdout)["categories"]["analytics"]["granted"] is False
    assert (empty.exit_code, empty.stderr[:17]) == (1, "correction_empty:")
    assert len(records()) == 2


def test_a_purge_is_counted_and_tried_before(run, run_json, decide, records, clock):
    decide(acceptance())
    decide(refusal())
    clock.set("2028-11-22T20:00:00+00:00")

    foreseen = run_json("purge", "--dry-run")
    before = len(records())
    told = run("purge").stdout
    again = run_json("purge")

    assert foreseen == {
        "dry_run": True,
        "records": 2,
        "idempotency_keys": 2,
        "memories": 0,
        "restricted_proofs": 0,
        "unreadable": 0,
    }
    assert (before, len(records())) == (2, 0)
    assert told == "2 records erased\n0 idempotency keys erased\n"
    assert again["records"] == 0


class TestTheOwnerOfTheTables:
    @pytest.fixture
    def postgresql_url(self, postgresql_owner_url):
        """Only the owner can; tests/roles has what others are told."""
        return postgresql_owner_url

    def test_writes_the_database_anew(self, run, decide, records):
        decide(acceptance())

        result = run("db", "compact")

        assert (result.exit_code, result.stdout) == (0, "written anew\n")
        assert len(records()) == 1


class TestClocks:
    """Of PostgreSQL: SQLite has none of its own to compare with."""

    @pytest.fixture
    def database_url(self, postgresql_url):
        return postgresql_url

    @pytest.mark.parametrize("command", ["purge", "lapse"])
    def test_nothing_is_ended_or_erased_by_a_clock_that_is_ahead(
        self, run, decide, records, clock, monkeypatch, command
    ):
        decide(acceptance())
        clock.set("2099-01-01T00:00:00+00:00")
        monkeypatch.setattr(database, "require_clock", require_clock)

        refused = run(command)

        assert (refused.exit_code, refused.stderr[:12]) == (1, "clock_ahead:")
        assert len(records()) == 1
