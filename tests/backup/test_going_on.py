"""From a backup that is older than what was signed, by the commands alone."""

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.sealing.audit import Audit
from tests.backup.test_round_trip import empty as empty
from tests.backup.test_round_trip import erase_me as erase_me
from tests.builders import OTHER_VISITOR, acceptance, refusal
from tests.log.tampering import unguarded


@pytest.fixture
def old(run, decide, seal, tmp_path, erase_me, empty):
    """Put back a backup after which three were signed and one visitor erased."""
    decide(acceptance())
    decide(acceptance(consent_id=OTHER_VISITOR))
    seal()
    waiting = decide(refusal()).json["record_id"]
    assert run("backup", tmp_path / "backup").exit_code == 0
    seal()
    decide(refusal())
    erase_me()
    seal()
    empty()
    restored = run("restore", tmp_path / "backup")
    assert restored.exit_code == 1
    assert "or run: log recover SITE" in restored.stderr
    return waiting


def test_the_log_goes_on_and_names_what_is_lost(run, old, app, notary, rows, clock):
    clock.advance(seconds=60)
    recovered = run("log", "recover", "demo", "--why", "the disk failed", input="y\n")

    assert recovered.exit_code == 0, recovered.output
    # The record that waited, the backup's line of the trail; then a refusal and a tombstone.
    assert "The database lacks 4 of the 8 entries of this log." in recovered.output
    assert "2 records that waited" not in recovered.output
    assert "1 records that waited have their place, 1 are lost" in recovered.output
    with app.app_context():
        assert list(Audit("demo", notary).findings()) == []
    linked = {row["record_id"] for row in rows("log_entries")}
    assert old in linked
    what = [line["what"] for line in rows("trail_lines", "number")]
    assert what[-1] == "log-recover"


def test_without_a_yes_nothing_changes(run, old, app):
    with app.app_context(), db.engine.connect() as connection:
        before = connection.execute(sa.text("SELECT count(*) FROM log_entries")).scalar()

    assert run("log", "recover", "demo", input="n\n").exit_code == 1

    with app.app_context(), db.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM log_entries")).scalar() == before


def test_what_is_marked_as_erased_and_is_not_gets_no_place(run, old, app, rows, clock):
    clock.advance(seconds=60)
    with app.app_context(), unguarded(db.engine) as connection:
        marked = "UPDATE log_queue SET erased = 'art17' WHERE record_id = :old"
        assert connection.execute(sa.text(marked), {"old": old}).rowcount == 1
    before = rows("log_entries")

    refused = run("log", "recover", "demo", "--yes")

    assert refused.exit_code == 1
    assert f"record {old}: its entry is marked as erased, and it was not" in refused.stderr
    assert rows("log_entries") == before


def test_a_second_time_it_says_that_nothing_is_missing(run, old, clock):
    clock.advance(seconds=60)
    assert run("log", "recover", "demo", "--yes").exit_code == 0

    again = run("log", "recover", "demo", "--yes")

    assert again.exit_code == 1
    assert "lacks nothing of what was signed" in again.stderr


def test_a_site_that_came_after_the_backup_is_named_and_goes_on_with_its_document(
    run, decide, seal, tmp_path, empty, publish, app, notary, clock
):
    assert run("backup", tmp_path / "backup").exit_code == 0
    seal()
    publish("young")
    seal("young")
    empty()

    restored = run("restore", tmp_path / "backup")

    assert restored.exit_code == 1
    assert "young: the database lacks this site" in restored.stderr
    assert publish("young").revision == 2
    clock.advance(seconds=60)
    assert run("log", "recover", "young", "--yes").exit_code == 0
    with app.app_context():
        assert list(Audit("young", notary).findings()) == []


@pytest.mark.parametrize("left", [0, 2], ids=["no list", "a line is missing"])
def test_it_says_that_not_all_that_was_erased_can_be_erased_again(
    run, decide, erase_me, seal, app, tmp_path, empty, left
):
    for n in (1, 2):
        decide(acceptance(n))
        erase_me()
    seal()
    assert run("backup", tmp_path / "backup").exit_code == 0
    empty()
    path = app.extensions["consent_settings"].data_dir / "erased" / "list.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    assert len(lines) == 3
    path.write_text("".join(lines[:left])) if left else path.unlink()

    restored = run("restore", tmp_path / "backup")

    said = "a line is missing" if left else "erasures by another list, and of none by the one here"
    assert said in restored.stderr
    assert restored.exit_code == (1 if left else 0)


def test_a_list_of_erasures_that_cannot_be_read_is_told_before_anything_is_put_back(
    run, decide, erase_me, seal, app, tmp_path, empty
):
    """Put back beside it, the database would have again what was erased, until it is mended."""
    decide(acceptance())
    erase_me()
    seal()
    assert run("backup", tmp_path / "backup").exit_code == 0
    empty()
    path = app.extensions["consent_settings"].data_dir / "erased" / "list.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b"of no erasure\n")

    refused = run("restore", tmp_path / "backup")
    path.write_bytes(whole)
    restored = run("restore", tmp_path / "backup")

    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "erased_list_unusable: erased/list.jsonl: line 3" in refused.stderr
    assert restored.exit_code == 0, restored.stderr
