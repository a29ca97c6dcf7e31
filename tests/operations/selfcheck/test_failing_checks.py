"""A check that fails itself is a line; the others, and the service, go on."""

import json
import struct
from types import SimpleNamespace

import pytest

from consent_server import disk
from consent_server.metrics.counts import COUNTS, totals_in
from consent_server.metrics.sharedfile import FORM, MOST_SERIES, NAMES
from consent_server.operations.selfcheck import care, logs, machine
from tests.builders import acceptance
from tests.operations.selfcheck.test_lines import change


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


@pytest.mark.parametrize("module, name, line", [
    (machine, "secrets", "secrets"), (logs, "builds", "widget-builds"),
])  # fmt: skip
def test_a_check_that_fails_itself_is_a_line(look, app, monkeypatch, module, name, line):
    _, before = look()

    def fail(*_):
        raise RecursionError("with a secret")

    monkeypatch.setattr(module, name, fail)
    code, lines = look()
    at_start, _ = look("--before-start")

    assert (code, at_start) == (1, 0)
    assert lines[line]["status"] == "fail"
    assert "RecursionError" in lines[line]["seen"]
    assert "secret" not in lines[line]["seen"]
    assert list(lines) == list(before)


def test_a_date_without_a_zone_in_the_diary_is_a_line(look, tmp_path):
    (tmp_path / "var/diary.json").write_text(json.dumps({"backup_made": "2026-11-22T20:00:00"}))

    code, lines = look()

    assert (code, lines["backup"]["status"]) == (1, "fail")
    assert lines["restore"]["status"] == "warn"


def test_a_record_of_no_time_is_a_line(look, app, decide):
    decide(acceptance())
    change(app, "UPDATE consent_records SET recorded_at = 'yesterday'")

    code, lines = look()

    assert (code, lines["clock"]["status"]) == (1, "fail")
    assert "origins" in lines


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize(
    "url", ["sqlite:///{folder}/new.db?timeout=soon", "postgresql://x@127.0.0.1:1/x?unheard_of=1"]
)
def test_a_parameter_that_no_driver_takes_is_a_line(look, app, tmp_path, url, is_first):
    (tmp_path / "new.db").touch()
    if is_first:
        (tmp_path / "var/keys/ring.json").unlink()

    code, lines = look(DATABASE_URL=url.format(folder=tmp_path))
    (line,) = [line for line in lines.values() if line["status"] == "fail"]

    assert code == 1
    assert "Error)" in line["seen"]


def test_a_database_that_is_none_is_a_line(look, app, tmp_path):
    (tmp_path / "damaged.db").write_bytes(b"nothing of the kind" * 500)
    code, lines = look(DATABASE_URL=f"sqlite:///{tmp_path}/damaged.db")
    at_start, _ = look("--before-start")

    assert (code, at_start, lines["database"]["status"]) == (1, 1, "fail")


def test_a_database_that_is_away_keeps_no_service_from_its_start(look, app):
    url = "postgresql://consent@127.0.0.1:1/consent"
    code, lines = look(DATABASE_URL=url)
    at_start, _ = look("--before-start")
    with_a_mistake, _ = look("--before-start", CONSENT_METRICS_TOKEN="abcd" * 8)

    assert (code, at_start, with_a_mistake) == (1, 0, 1)
    assert lines["database"]["status"] == "fail"


@pytest.mark.parametrize("count, said", [(0, "0 erasures,"), (1, "1 erasure,")])
def test_erasures_are_counted_in_words(count, said):
    line = care.erased_list(SimpleNamespace(look=lambda: count))

    assert line.seen.startswith(said)


def test_a_damaged_list_of_erasures_fails(look, app, tmp_path):
    _, before = look()
    (tmp_path / "var/erased").mkdir(mode=0o700, exist_ok=True)
    (tmp_path / "var/erased/list.jsonl").write_text('{"list":"a","dropped":0}\n{"number":1}\n')
    code, after = look()

    assert before["erased-list"]["status"] == "ok"
    assert (code, after["erased-list"]["status"]) == (1, "fail")
    assert "line 2" in after["erased-list"]["seen"]
    assert look("--before-start")[0] == 0


def test_a_backup_of_the_future_is_told(look, run, tmp_path, clock):
    run("backup", tmp_path / "copy")
    clock.set("2026-11-20T20:00:00+00:00")

    _, lines = look()

    assert lines["backup"]["status"] == "warn"
    assert "2026-11-22" in lines["backup"]["seen"]


@pytest.mark.parametrize(
    ("folder", "file", "status"),
    [(0o700, 0o644, "ok"), (0o755, 0o600, "ok"), (0o755, 0o640, "fail"), (0o770, 0o600, "fail")],
)
def test_a_database_elsewhere_that_is_open_to_others_fails(look, tmp_path, folder, file, status):
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / "elsewhere/consent.db"
    path.touch()
    path.chmod(file)
    path.parent.chmod(folder)

    _, lines = look(DATABASE_URL=f"sqlite:///{path}")

    assert lines["data-directory"]["status"] == status


def test_the_disk_of_the_database_counts_too(look, app, monkeypatch):
    of_database = app.extensions["consent_settings"].sqlite_path.parent

    def usage(folder):
        return SimpleNamespace(free=1 if folder == of_database else 2**40)

    monkeypatch.setattr(disk.shutil, "disk_usage", usage)

    assert look()[1]["disk"]["status"] == "warn"


def test_of_two_mounts_on_one_place_the_last_counts(tmp_path):
    table = tmp_path / "mounts"
    table.write_text(f"a {tmp_path} ext4 rw 0 0\nb {tmp_path} virtiofs rw 0 0\nc / xfs rw 0 0\n")

    assert disk.filesystem_of(tmp_path, table) == "virtiofs"
    assert {"virtiofs", "autofs", "nfs4"} <= machine.NETWORKED


ODD = [
    b'["consent_requests_total", {}]\n',
    b'["consent_requests_total", ["a"], "b", "c"]\n',
    b'["consent_requests_total", "a"]\n',
    b'["consent_request_seconds"]\n["consent_request_seconds", "le"]\n',
    b'["consent_process_good_round"]\n',
    b"[]\n",
    b"7\n",
    b"[" * 100_000 + b"\n",
    b"\xff\n",
]


@pytest.mark.parametrize("names", ODD, ids=range(len(ODD)))
def test_counts_that_are_none_end_nothing(look, client, app, tmp_path, names, monkeypatch):
    folder = tmp_path / "var/metrics"
    folder.mkdir(mode=0o700)
    values = struct.pack("=d", 1.0) * MOST_SERIES
    (folder / "9.counts").write_bytes(FORM + names.ljust(NAMES, b"\0") + values)
    monkeypatch.setattr(COUNTS, "totals", lambda: totals_in(folder))
    app.extensions["consent_settings"].__dict__["metrics_token"] = "x" * 32

    answer = client.get("/metrics", headers={"Authorization": "Bearer " + "x" * 32})

    assert answer.status_code == 200
    assert look()[0] == 0


@pytest.mark.parametrize("words", [["site", "list"], ["log", "audit", "demo"], ["serve"]], ids=str)
def test_a_damaged_database_is_told_in_a_line(run, app, tmp_path, words, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/damaged.db")
    (tmp_path / "damaged.db").write_bytes(b"nothing of the kind" * 500)

    result = run(*words)

    assert result.exit_code == 1
    assert result.stderr.startswith("database_unavailable: file is not a database")


def test_a_key_of_the_logs_that_is_missing_is_not_told_as_an_older_database(
    look, app, decide, seal, tmp_path
):
    decide(acceptance())
    seal()
    (tmp_path / "var/keys/log.json").unlink()

    code, lines = look()

    assert (code, lines["logs-whole"]["status"]) == (1, "fail")
    assert "log.json" in lines["logs-whole"]["seen"]
    assert "Alarms" in lines["logs-whole"]["mend"]
    assert "older database" not in lines["logs-whole"]["mend"]
