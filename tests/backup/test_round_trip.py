"""A backup holds everything, is readable by nobody without its key, and comes back whole."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from consent_server.backup.monthkeys import MonthKeys
from consent_server.db import db
from consent_server.occupied import alone_with
from consent_server.sealing.audit import Audit
from consent_server.sqlite import sqlite3
from tests.builders import OTHER_VISITOR, acceptance, refusal
from tests.server import ROOT


@pytest.fixture
def everything(app):
    """Read every row of every table."""

    def everything():
        with app.app_context(), db.engine.connect() as connection:
            return {
                table.name: sorted(map(repr, connection.execute(sa.select(table))))
                for table in db.metadata.sorted_tables
            }

    return everything


def restored_rows(everything):
    """What a restore brings back: all but how far this database is, and the line it leaves."""
    left_out = "'restore'", "/trail/2"
    return {
        table: [row for row in rows if not any(word in row for word in left_out)]
        for table, rows in everything.items()
        if table != "erasure_marks"
    }


@pytest.fixture
def empty(app, environment):
    """Leave an empty database; the data directory stays."""

    def empty():
        with app.app_context():
            db.session.remove()
            if db.engine.dialect.name == "postgresql":
                with db.engine.begin() as connection:
                    connection.exec_driver_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
            else:
                os.unlink(db.engine.url.database)
            db.engine.dispose()

    return empty


@pytest.fixture
def backed_up(run, decide, seal, tmp_path):
    """A backup of a site with decisions, some of them sealed."""
    for n in (1, 2):
        decide(acceptance(n))
    decide(acceptance(consent_id=OTHER_VISITOR))
    seal()
    decide(refusal())
    path = tmp_path / "backup"
    made = run("backup", path)
    assert made.exit_code == 0, made.output
    return path


def test_every_row_comes_back_into_an_empty_database(
    run, backed_up, everything, empty, app, notary
):
    before = everything()
    empty()

    restored = run("restore", backed_up)

    assert restored.exit_code == 0, restored.output
    assert "restored, the database is that of 2026-11-22T20:00:00.000Z" in restored.stdout
    assert restored_rows(everything()) == restored_rows(before)
    with app.app_context():
        assert list(Audit("demo", notary).findings()) == []


def test_what_was_erased_since_is_erased_again(run, backed_up, erase_me, records, empty):
    erase_me()
    left = records()
    empty()

    restored = run("restore", backed_up, "--json")

    assert restored.exit_code == 0, restored.output
    assert '"erased_again": 2' in restored.stdout
    assert [record["record_id"] for record in records()] == [each["record_id"] for each in left]


def test_a_log_that_was_signed_further_than_the_backup_does_not_go_on(
    run, backed_up, decide, seal, empty
):
    seal()
    decide(refusal())
    seal()
    empty()

    restored = run("restore", backed_up)

    assert restored.exit_code == 1
    assert "demo: the database holds a log of 5 entries, but one of 8 was signed" in restored.stderr


def test_checking_reads_all_and_changes_nothing(run, backed_up, everything):
    before = everything()

    checked = run("restore", "--check", backed_up)

    assert (checked.exit_code, everything()) == (0, before), checked.output
    assert ": whole; " in checked.stdout


def test_a_changed_or_cut_off_backup_touches_nothing(run, backed_up, everything):
    before = everything()
    data = bytearray(backed_up.read_bytes())
    data[len(data) // 2] ^= 1
    backed_up.write_bytes(data)

    checked = run("restore", "--check", backed_up)
    refused = run("restore", "--replace", backed_up)

    assert (checked.exit_code, refused.exit_code) == (1, 1)
    assert checked.stderr.startswith("backup_unreadable: it is cut off or changed at chunk ")
    assert everything() == before


def test_a_database_that_is_there_is_not_written_over(run, backed_up, everything):
    before = everything()

    refused = run("restore", backed_up)

    assert refused.exit_code == 1
    assert refused.stderr.startswith("database_not_empty: ")
    assert everything() == before


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("words", [(), ("--replace",)])
def test_a_database_that_somebody_has_is_not_replaced(
    run, backed_up, everything, sqlite_url, words
):
    before = everything()

    with alone_with(Path(sqlite_url.removeprefix("sqlite:///"))):
        refused = run("restore", *words, backed_up)

    assert refused.exit_code == 1
    assert refused.stderr.startswith("already_serving: ")
    assert everything() == before


def test_a_backup_is_never_written_over(run, backed_up):
    before = backed_up.read_bytes()

    again = run("backup", backed_up)

    assert again.exit_code == 1
    assert "exists, and a backup is never written over" in again.stderr
    assert backed_up.read_bytes() == before


def test_the_first_backup_of_a_month_says_that_there_is_a_key_to_keep(run, site, tmp_path, clock):
    told = [run("backup", tmp_path / name).stderr for name in "ab"]
    clock.advance(days=10)
    told.append(run("backup", tmp_path / "c").stderr)

    assert "has a new key, that of 2026-11" in told[0]
    assert told[1] == ""
    assert "has a new key, that of 2026-12" in told[2]


def test_nothing_that_it_holds_can_be_read_without_the_key(run, backed_up, records, app):
    data = backed_up.read_bytes()
    path = app.extensions["consent_settings"].data_dir / "keys" / "backup.json"
    path.unlink()

    refused = run("restore", "--check", backed_up)

    assert refused.stderr.startswith("backup_key_missing: the backup needs the key of 2026-11")
    for record in records():
        for value in (record["record_id"], record["subject"] or "-" * 43):
            assert value.encode() not in data
    assert oct(backed_up.stat().st_mode & 0o777) == "0o600"


def test_without_the_key_ring_nothing_is_put_back(run, backed_up, empty, app):
    empty()
    app.extensions["consent_settings"].key_ring_path.unlink()

    refused = run("restore", backed_up)

    assert refused.exit_code == 1
    assert refused.stderr.startswith("key_ring_needed: ")


def test_decisions_are_recorded_while_backups_are_made(run, backed_up, decide, records, tmp_path):
    """And what was recorded before the command began is in the backup."""
    answers, is_over = [], threading.Event()

    def keep_deciding():
        while not is_over.is_set():
            answers.append(decide(refusal()).status_code)

    writer = threading.Thread(target=keep_deciding)
    writer.start()
    try:
        made = [run("backup", tmp_path / str(number)) for number in range(3)]
    finally:
        is_over.set()
        writer.join()

    assert [each.exit_code for each in made] == [0, 0, 0], made[0].output
    assert set(answers) == {201}
    assert len(records()) == 4 + len(answers)


def test_sqlite_is_moved_aside_on_demand(run, backed_up, decide, app, records):
    if db_name(app) != "sqlite":
        refused = run("restore", "--replace", backed_up)
        assert refused.stderr.startswith("database_not_empty: ")
        return
    decide(refusal())
    newer = len(records())
    with app.app_context():
        db.session.remove()
        db.engine.dispose()

    restored = run("restore", "--replace", backed_up)

    assert restored.exit_code == 0, restored.output
    aside = restored.stdout.partition("the one before is ")[2].partition("\n")[0]
    with sqlite3.connect(aside) as before:
        count = before.execute("SELECT count(*) FROM consent_records").fetchone()
    assert (len(records()), count) == (newer - 1, (newer,))


def db_name(app):
    with app.app_context():
        return db.engine.dialect.name


@pytest.fixture
def erase_me(client):
    """Delete everything about the visitor, as the visitor does."""
    from tests.builders import ORIGIN, VISITOR

    def erase_me():
        headers = {"Consent-Id": VISITOR, "Origin": ORIGIN}
        answer = client.delete("/v1/sites/demo/me", headers=headers)
        assert answer.status_code in (200, 204), answer.text

    return erase_me


def test_without_the_last_heads_it_asks_first(run, backed_up, empty, app):
    empty()
    for head in (app.extensions["consent_settings"].data_dir / "log").glob("*.checkpoint"):
        head.unlink()

    refused = run("restore", backed_up)
    restored = run("restore", "--without-heads", backed_up)

    assert (refused.exit_code, restored.exit_code) == (1, 0), restored.output
    assert refused.stderr.startswith("heads_needed: ")


@pytest.mark.parametrize("mode", ["truncate", "wal"])
def test_a_journal_that_a_crash_left_does_not_get_into_what_is_restored(
    run, backed_up, everything, empty, app, mode, tmp_path
):
    if db_name(app) != "sqlite":
        return
    before = everything()
    path = app.extensions["consent_settings"].sqlite_path
    code = (
        "import os, sys\n"
        "from consent_server.sqlite import sqlite3\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "assert c.execute('PRAGMA journal_mode=' + sys.argv[2]).fetchone() == (sys.argv[2],)\n"
        "c.execute('PRAGMA cache_size=1'); c.execute('BEGIN IMMEDIATE')\n"
        "c.execute('CREATE TABLE big (x BLOB)')\n"
        "[c.execute('INSERT INTO big VALUES (zeroblob(50000))') for _ in range(50)]\n"
        "os._exit(0)\n"
    )
    with app.app_context():
        db.engine.dispose()
    # A copy, for nobody else may have it open while the mode is changed.
    copy = Path(shutil.copytree(path.parent, tmp_path / "copy")) / path.name
    own = {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code, str(copy), mode], check=True, env=own)
    for ending in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
        found = copy.with_name(path.name + ending)
        if found.exists():
            found.rename(path.with_name(path.name + ending))
    journal = path.with_name(f"{path.name}-{'wal' if mode == 'wal' else 'journal'}")
    left = journal.read_bytes()
    assert left
    empty()

    restored = run("restore", backed_up)

    assert restored.exit_code == 0, restored.output
    assert restored_rows(everything()) == restored_rows(before)
    # What the service has written since may have a log of its own.
    assert not journal.exists() or journal.read_bytes()[:32] != left[:32]


def test_a_backup_of_a_newer_version_touches_nothing(run, backed_up, monkeypatch, everything):
    before = everything()
    monkeypatch.setattr("consent_server.schema.revisions", lambda: {"0001"})

    refused = [run("restore", word, backed_up) for word in ("--check", "--replace")]

    assert [each.exit_code for each in refused] == [1, 1]
    assert refused[1].stderr.startswith("backup_unreadable: a newer version")
    assert everything() == before


def test_keys_are_forgotten_in_time_and_not_by_a_clock_that_jumped(run, site, tmp_path, clock, app):
    keys = MonthKeys(app.extensions["consent_settings"].data_dir)
    run("backup", tmp_path / "first")
    clock.advance(days=800)
    run("backup", tmp_path / "jumped")
    assert "2026-11" in keys.months()

    clock.advance(days=31)
    run("backup", tmp_path / "regular")

    assert "2026-11" not in keys.months()
    assert run("restore", "--check", tmp_path / "regular").exit_code == 0
    assert run("restore", "--check", tmp_path / "first").stderr.startswith("backup_key_missing: ")


def test_a_backup_that_is_stopped_leaves_nothing_behind(environment, backed_up, tmp_path, app):
    """A stop from outside, in the middle of the copy."""
    code = (
        "import os, signal, sys\n"
        "from consent_server.backup import members, sqlite, postgresql\n"
        "def stop(*_):\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "for module in (sqlite, postgresql):\n"
        "    module.write_member = stop\n"
        "from consent_server.cli import main\n"
        "main(['backup', sys.argv[1]])\n"
    )
    path = tmp_path / "stopped"

    command = [sys.executable, "-c", code, str(path)]
    environ = {**os.environ, **environment}
    done = subprocess.run(command, env=environ, capture_output=True, check=False, timeout=60)

    assert done.returncode != 0
    data = app.extensions["consent_settings"].data_dir
    assert [*tmp_path.glob("stopped*"), *data.glob("*.copy*")] == []
