"""Each line fails for what it looks for, on a real installation; SQLite, and no database."""

import errno
import re
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from consent_server.config import load_settings
from consent_server.db import db
from consent_server.disk import filesystem_of
from consent_server.metrics.catalogue import OWN_HOST, PEERS, PROCESSES
from consent_server.metrics.counts import Counts
from consent_server.operations import writing
from consent_server.operations.selfcheck import machine, sqlite
from consent_server.sealing.errors import SealRefused
from consent_server.sqlite import sqlite3
from tests.builders import acceptance

DOCS = Path(__file__).parents[3] / "docs/selfcheck.md"


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


@pytest.fixture
def count(environment):
    """Count as a process of the service that runs beside the command."""
    counting = Counts()
    counting.share(load_settings(environment).metrics_path)
    return counting


def change(app, *statements):
    """Change what is append-only, as somebody with the database's file could."""
    with app.app_context():
        file = app.extensions["consent_settings"].sqlite_path
        db.engine.dispose()
    with sqlite3.connect(file) as connection:
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in found.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_new_installation_can_run_and_is_told_what_is_left_to_do(look):
    code, lines = look()

    assert code == 0
    assert {line["status"] for line in lines.values()} == {"ok", "warn"}
    left = {name for name, line in lines.items() if line["status"] == "warn"}
    expected = {"metrics", "proxy", "first-party", "backup", "restore", "witness"}
    assert left - {"sqlite-version"} == expected
    assert look("--strict")[0] == 1


def test_every_line_has_its_row(look, postgresql_url):
    _, of_sqlite = look()
    itself = postgresql_url.replace("127.0.0.1", "localhost")
    _, of_postgresql = look(DATABASE_URL=postgresql_url, CONSENT_REPLICA_URL=itself)

    rows = set(re.findall(r"^\| `([a-z-]+)` \|", DOCS.read_text(), re.MULTILINE))

    assert set(of_sqlite) | set(of_postgresql) | {"key-ring"} == rows


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONSENT_PUBLIC_URL", "http://consent.example"),
        ("CONSENT_WORKERS", "2"),
        ("CONSENT_METRICS_TOKEN", "too-short"),
    ],
)
def test_settings_that_stop_the_start_are_a_line(look, name, value):
    code, lines = look(**{name: value})

    assert (code, set(lines)) == (1, {"settings"})
    assert name in lines["settings"]["seen"]


def test_what_is_named_like_a_setting_and_is_none_is_worth_a_look(look):
    _, before = look()
    _, after = look(CONSENT_MERGE_DELAI="30")

    assert (before["settings"]["status"], after["settings"]["status"]) == ("ok", "warn")
    assert after["settings"]["seen"].endswith("; no settings: CONSENT_MERGE_DELAI")


def test_debug_on_a_public_service_fails(look):
    code, lines = look(FLASK_DEBUG="1")
    local, of_local = look(CONSENT_PUBLIC_URL="http://127.0.0.1:8000")

    assert (code, lines["debug"]["status"]) == (1, "fail")
    assert (local, of_local["debug"]["status"]) == (0, "warn")


def test_a_data_directory_or_a_key_file_for_others_fails(look, app, tmp_path):
    (tmp_path / "var").chmod(0o755)
    directory = look()
    (tmp_path / "var").chmod(0o700)
    (tmp_path / "var/keys/log.json").touch(mode=0o640)
    key = look()
    (tmp_path / "var/keys/log.json").chmod(0o600)
    (tmp_path / "var/keys/ring.json").chmod(0o604)
    ring = look()

    assert (directory[0], directory[1]["data-directory"]["status"]) == (1, "fail")
    assert (key[0], key[1]["key-files"]["status"]) == (1, "fail")
    assert (ring[0], set(ring[1])) == (1, {"key-ring"})


def test_a_disk_of_another_machine_fails(look, tmp_path, monkeypatch):
    table = tmp_path / "mounts"
    table.write_text(f"/dev/a / ext4 rw 0 0\nhost:/b {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr(machine, "filesystem_of", lambda path: filesystem_of(path, table))

    code, lines = look()

    assert (code, lines["data-directory"]["status"]) == (1, "fail")
    assert "nfs4" in lines["data-directory"]["seen"]
    assert filesystem_of(Path("/"), table) == "ext4"


def test_secrets_of_examples_fail_and_are_not_repeated(look, app, run, tmp_path):
    token, of_token = look(CONSENT_METRICS_TOKEN="abcd" * 8)
    url = "postgresql://consent:changeme@127.0.0.1:1/consent"
    password, of_password = look(CONSENT_METRICS_TOKEN="", DATABASE_URL=url)

    url = "postgresql://consent@127.0.0.1:1/consent?password=changeme"
    _, of_query = look(DATABASE_URL=url)

    assert of_query["secrets"]["status"] == "fail"
    assert (token, of_token["secrets"]["status"]) == (1, "fail")
    assert (password, of_password["secrets"]["status"]) == (1, "fail")
    assert of_password["database"]["status"] == "fail"
    assert "changeme" not in run("selfcheck").output


def test_a_database_that_does_not_answer_at_the_first_start_is_a_line(look):
    url = "postgresql://consent:p4ssw0rd@127.0.0.1:1/consent"
    code, lines = look(DATABASE_URL=url)

    assert (code, lines["database"]["status"]) == (1, "fail")
    assert "Connection refused" in lines["database"]["seen"]
    assert "p4ssw0rd" not in str(lines)


def test_little_room_on_the_disk_is_told(look, monkeypatch):
    monkeypatch.setattr(machine, "LEAST_FREE", 2**80)

    assert look()[1]["disk"]["status"] == "warn"


def test_admin_pages_on_the_widgets_host_are_told(app):
    before = machine.surfaces(app).status
    app.add_url_rule("/admin/sites", "admin", lambda: "")

    assert (before, machine.surfaces(app).status) == ("ok", "warn")


def test_a_proxy_and_a_first_party_path_are_told_by_what_came_through_them(look, count):
    count.add((PEERS.name, "direct"))
    count.add((OWN_HOST.name, "other"))
    _, without = look()
    count.add((PEERS.name, "proxy"))
    count.add((OWN_HOST.name, "own"))
    _, behind = look()

    assert [without[name]["status"] for name in ("proxy", "first-party")] == ["warn", "warn"]
    assert [behind[name]["status"] for name in ("proxy", "first-party")] == ["ok", "ok"]


def test_a_proxy_that_is_not_named_is_told(look, count):
    count.add((PEERS.name, "proxy"))
    count.add((PEERS.name, "unknown_proxy"))

    line = look()[1]["proxy"]

    assert line["status"] == "warn"
    assert "CONSENT_PROXIES" in line["seen"]


def test_a_backup_is_told_when_the_next_one_is_missing_and_its_rehearsal_for_half_a_year(
    look, run, clock, tmp_path
):
    run("backup", tmp_path / "copy")
    _, made = look()
    assert run("restore", "--check", tmp_path / "copy").exit_code == 0
    _, checked = look()
    clock.advance(hours=25)  # deploy/systemd/consent-backup.timer spreads it over half an hour
    _, next_day = look()
    clock.advance(hours=2)
    _, missing = look()
    clock.advance(days=200)
    _, next_year = look()

    statuses = [
        tuple(lines[name]["status"] for name in ("backup", "restore"))
        for lines in (made, checked, next_day, missing, next_year)
    ]
    in_order = ("ok", "ok")
    assert statuses == [("ok", "warn"), in_order, in_order, ("warn", "ok"), ("warn", "warn")]


def test_a_schema_that_cannot_be_brought_up_to_date_fails(look, app, tmp_path):
    empty = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    made_at_start = look(DATABASE_URL=empty)
    not_allowed = look(CONSENT_AUTO_MIGRATE="false")
    same = f"sqlite:///{app.extensions['consent_settings'].sqlite_path}"
    change(app, "UPDATE alembic_version SET version_num = '9999.9999'")
    too_new = look(DATABASE_URL=same)
    change(app, "UPDATE alembic_version SET version_num = '9999'")
    newer = look(DATABASE_URL=same)

    looks = (made_at_start, not_allowed, too_new, newer)
    assert [found[1]["schema"]["status"] for found in looks] == ["ok", "fail", "fail", "warn"]
    assert [found[0] for found in looks] == [0, 1, 1, 0]


def test_a_pragma_that_does_not_hold_fails(look, app, monkeypatch):
    with app.app_context():
        raw = db.engine.raw_connection()
        raw.cursor().execute("PRAGMA synchronous = OFF")
        raw.close()  # back into the pool, where the check finds it
        line = sqlite.pragmas()
    wanted = {"synchronous": "0", "foreign_keys": "7"}
    monkeypatch.setattr("consent_server.db.sqlite_pragmas", lambda version: wanted)
    code, lines = look()

    assert line.status == "fail"
    assert "synchronous is 0" in line.seen
    assert (code, lines["sqlite-pragmas"]["status"]) == (1, "fail")


def test_the_version_of_sqlite_is_told(look, monkeypatch):
    found = []
    for is_safe in (True, False):
        monkeypatch.setattr(sqlite, "is_wal_safe", lambda version, told=is_safe: told)
        found.append(look()[1]["sqlite-version"]["status"])

    assert found == ["ok", "warn"]


def test_two_processes_on_sqlite_fail(look, environment):
    processes = [Counts(), Counts()]
    for process in processes:
        process.share(load_settings(environment).metrics_path)
        process.set((PROCESSES.name,), 1)
    both = look()
    processes[0]._file.close()  # as the end of its process does
    one = look()

    assert (both[0], both[1]["sqlite-processes"]["status"]) == (1, "fail")
    assert (one[0], one[1]["sqlite-processes"]["status"]) == (0, "ok")


def test_a_database_that_is_older_than_its_signed_logs_fails_and_so_does_its_alarm(
    look, app, decide, seal, tmp_path
):
    file = app.extensions["consent_settings"].sqlite_path
    with app.app_context():
        db.engine.dispose()
    shutil.copy(file, tmp_path / "older")
    decide(acceptance())
    seal()
    with app.app_context():
        db.engine.dispose()
    for part in file.parent.glob(f"{file.name}-*"):
        part.unlink()
    shutil.copy(tmp_path / "older", file)
    code, lines = look()
    decide(acceptance())
    with pytest.raises(SealRefused):
        seal()
    _, alarmed = look()

    assert (code, lines["logs-whole"]["status"]) == (1, "fail")
    assert lines["logs-signed"]["status"] == "ok"
    assert "demo (log_restored)" in alarmed["logs-signed"]["seen"]


def test_an_entry_that_waits_for_long_and_a_clock_that_went_back_are_told(look, decide, clock):
    decide(acceptance())
    clock.advance(minutes=6)
    _, late = look()
    clock.set(clock.instant - timedelta(minutes=17))
    code, back = look()

    assert late["logs-timely"]["status"] == "warn"
    assert late["clock"]["status"] == "ok"
    assert (code, back["clock"]["status"]) == (1, "fail")


def test_a_widget_that_was_changed_in_the_database_fails(look, app, site):
    change(app, "UPDATE widget_builds SET source = CAST(source || x'0a' AS BLOB)")
    code, lines = look()

    assert (code, lines["widget-builds"]["status"]) == (1, "fail")


def test_a_site_that_is_open_to_strangers_is_told(look, app, site):
    change(
        app,
        "UPDATE publications SET document = json_set(document, '$.origins', json('[\"https://*.com\"]'))",
    )

    assert look()[1]["origins"]["status"] == "warn"


def test_the_lines_are_for_people_without_json(run):
    result = run("selfcheck")

    assert result.exit_code == 0
    assert re.search(r"^ok    settings +https://consent.example, SQLite", result.output, re.M)
    assert re.search(r"^warn  backup .*\n +mend: python -m", result.output, re.M)
    assert re.search(r"^\d+ ok, \d+ to look at, 0 to mend first$", result.output, re.M)


def test_what_cannot_be_written_fails(look, monkeypatch):
    def full(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(writing, "try_writing", full)
    code, lines = look()

    assert code == 1
    assert lines["data-directory"]["status"] == lines["database-writable"]["status"] == "fail"
    assert "ENOSPC" in lines["database-writable"]["seen"]
