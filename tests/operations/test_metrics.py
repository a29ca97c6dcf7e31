"""Metrics: right over several processes, bounded, and given to nobody by accident."""

import json
import re
import subprocess
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from structlog.testing import capture_logs

from consent_server.application import create_app
from consent_server.cli import main
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.metrics.catalogue import ALL, METHODS, PURGED
from consent_server.operations.diary import note
from consent_server.retention.purging import Purged
from tests.builders import ORIGIN, acceptance, new_key
from tests.databases import administrator_of
from tests.log.tampering import unguarded
from tests.machine import promtool
from tests.server import start

DOCS = Path(__file__).parents[2] / "docs/metrics.md"
TOKEN = "0123456789abcdef0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def read(text: str) -> dict[tuple[str, ...], float]:
    """Values by name and values of the labels."""
    matches = [SAMPLE.fullmatch(line) for line in text.splitlines() if line[0] != "#"]
    return {
        (match[1], *(value for _, value in LABEL.findall(match[2] or ""))): float(match[3])
        for match in matches
    }


@pytest.fixture
def environment(environment):
    return {**environment, "CONSENT_METRICS_TOKEN": TOKEN}


@pytest.fixture
def metrics(client):
    """What is counted from now on; gauges as they are."""

    def ask():
        answer = client.get("/metrics", headers=BEARER)
        assert answer.status_code == 200
        return read(answer.text)

    before = ask()
    return lambda: {name: value - before.get(name, 0.0) for name, value in ask().items()}


def test_what_happens_is_counted(decide, client, site, check, seal, metrics, clock):
    body = acceptance()
    token = decide(body).json["token"]
    decide(body)
    decide({**body, "bundle": "x" * 43, "idempotency_key": new_key()})
    check(token)
    client.get("/nowhere/at/all")
    found = metrics()

    assert found["consent_decisions_total", "given", "recorded"] == 1
    assert found["consent_decisions_total", "given", "repeated"] == 1
    assert found["consent_refusals_total", "bundle_outdated"] == 1
    assert found["consent_verdicts_total", "granted"] == 1
    route = "/v1/sites/<site_id>/consents"
    assert found["consent_requests_total", route, "POST", "2xx"] == 2
    assert found["consent_requests_total", route, "POST", "4xx"] == 1
    assert found["consent_request_seconds_count", route] == 3
    assert found["consent_request_seconds_bucket", route, "+Inf"] == 3
    assert found["consent_requests_total", "none", "GET", "4xx"] == 1


@pytest.mark.parametrize(
    ("peer", "headers", "through", "host"),
    [
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, "proxy", "own"),
        ("192.0.2.1", {"X-Forwarded-For": "127.0.0.1"}, "unknown_proxy", "other"),
        ("192.0.2.1", {}, "direct", "other"),
    ],
)
def test_headers_that_anybody_can_write_count_for_no_proxy(
    client, site, metrics, peer, headers, through, host
):
    answer = client.post(
        "/v1/sites/demo/consents",
        data=json.dumps(acceptance()),
        content_type="text/plain;charset=UTF-8",
        headers={"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin", **headers},
        environ_base={"REMOTE_ADDR": peer},
    )
    found = metrics()

    assert answer.status_code == 201
    peers = {key[1]: n for key, n in found.items() if key[0] == "consent_decisions_peers_total"}
    hosts = {key[1]: n for key, n in found.items() if key[0] == "consent_decisions_hosts_total"}
    assert [name for name, n in peers.items() if n] == [through]
    assert [name for name, n in hosts.items() if n] == [host]


def test_the_lag_of_the_logs_their_alarms_and_the_database_are_told(
    decide, site, client, seal, clock, app, monkeypatch
):
    seal()
    decide(acceptance())
    clock.advance(seconds=90)
    found = read(client.get("/metrics", headers=BEARER).text)

    assert found["consent_log_waiting_entries",] == 1
    assert found["consent_log_lag_seconds",] == found["consent_log_checkpoint_age_seconds",] == 90
    assert found["consent_log_alarms",] == 0
    assert found["consent_database_up",] == 1
    assert found["consent_disk_free_bytes",] > 0
    assert found["consent_process_database_connections", "limit"] > 0

    with app.app_context(), administrator_of(db.engine).begin() as connection:
        connection.execute(db.text("ALTER TABLE log_queue RENAME TO gone"))
    broken = read(client.get("/metrics", headers=BEARER).text)
    assert broken["consent_database_up",] == 0
    assert ("consent_log_lag_seconds",) not in broken


def test_the_age_of_the_newest_backup_is_told_where_one_was_made(app, client, clock, tmp_path):
    def told():
        answer = client.get("/metrics", headers=BEARER)
        assert answer.status_code == 200
        return read(answer.text).get(("consent_backup_age_seconds",))

    folder = app.extensions["consent_settings"].data_dir
    never = told()
    note(folder, "backup_made", clock.instant)
    clock.advance(hours=30)
    late = told()
    (folder / "diary.json").write_text('{"backup_made": "2026-11-22T20:00:00"}')

    assert (never, late, told()) == (None, 30 * 3600, None)


def test_a_client_makes_no_series_and_is_named_in_none(client, site, metrics):
    for number in range(50):
        client.get(
            f"/s/site-{number}.js?secret={number}", headers={"X-Forwarded-For": "203.0.113.77"}
        )
        client.open("/healthz", method=f"M{number}", headers={"User-Agent": "agent-77"})
    answer = client.get("/metrics", headers=BEARER)

    rules = {str(rule) for rule in client.application.url_map.iter_rules()} | {"none"}
    found = {key[1:] for key in read(answer.text) if key[0] == "consent_requests_total"}
    assert {route for route, _, _ in found} <= rules
    assert {method for _, method, _ in found} <= METHODS | {"other"}
    assert {status for _, _, status in found} <= {"2xx", "3xx", "4xx", "5xx"}
    assert not re.search(r"203\.0|agent-77|site-\d|secret", answer.text)


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer " + "x" * 32}, {"Authorization": f"Basic {TOKEN}"}],
    ids=["none", "wrong", "basic"],
)
def test_with_a_token_nobody_else_is_given_metrics(client, headers):
    answer = client.get("/metrics", headers=headers)

    assert (answer.status_code, answer.json["reason"]) == (401, "metrics_denied")
    assert "consent_requests" not in answer.text


@pytest.mark.parametrize(
    ("public_url", "peer", "headers", "status"),
    [
        ("http://127.0.0.1:8000", "127.0.0.1", {}, 200),
        ("http://127.0.0.1:8000", "192.0.2.1", {}, 401),
        ("http://127.0.0.1:8000", "127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, 401),
        ("http://127.0.0.1:8000", "127.0.0.1", {"Host": "rebound.example"}, 401),
        ("https://consent.example", "127.0.0.1", {}, 401),
    ],
    ids=["local", "from elsewhere", "through a proxy", "by a foreign name", "public service"],
)
def test_without_a_token_metrics_are_for_a_service_all_on_loopback(
    sqlite_url, tmp_path, public_url, peer, headers, status
):
    given = {"DATABASE_URL": sqlite_url, "CONSENT_PUBLIC_URL": public_url}
    app = create_app(load_settings({**given, "CONSENT_DATA_DIR": str(tmp_path / "data")}))

    answer = app.test_client().get(
        "/metrics",
        headers={"Host": "127.0.0.1:8000", **headers},
        environ_base={"REMOTE_ADDR": peer},
    )
    with app.app_context():
        db.engine.dispose()

    assert answer.status_code == status


def test_several_processes_are_counted_together(postgresql_url, tmp_path):
    given = {
        "DATABASE_URL": postgresql_url,
        "CONSENT_DATA_DIR": str(tmp_path / "data"),
        "CONSENT_WORKERS": "3",
        "CONSENT_METRICS_TOKEN": TOKEN,
    }
    server = start(given, tmp_path)
    try:

        def ask():
            for _ in range(25):
                assert server.request("GET", "/healthz")[0] == 200

        deadline = time.monotonic() + 30
        metrics = {}
        while metrics.get(("consent_processes",)) != 3 and time.monotonic() < deadline:
            metrics = read(server.request("GET", "/metrics", headers=BEARER)[2].decode())
        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        answers = [server.request("GET", "/metrics", headers=BEARER)[2].decode() for _ in range(6)]
    finally:
        server.stop()

    found = [read(answer) for answer in answers]
    assert {one["consent_requests_total", "/healthz", "GET", "2xx"] for one in found} == {200}
    assert {one["consent_request_seconds_count", "/healthz"] for one in found} == {200}
    assert {one["consent_processes",] for one in found} == {3}
    assert len(list((tmp_path / "data/metrics").iterdir())) == 3
    _require_promtool_takes(answers[-1])


def _require_promtool_takes(text: str) -> None:
    tool = promtool.find()
    if tool is None:
        pytest.fail(f"no promtool on this machine; {promtool.REMEDY}", pytrace=False)
    said = subprocess.run(
        [tool.path, "check", "metrics"], input=text, capture_output=True, text=True
    )
    assert (said.returncode, said.stdout + said.stderr) == (0, "")


def test_every_metric_has_its_row():
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|([^|]*)\|", DOCS.read_text(), re.MULTILINE)

    found = {name: (kind, tuple(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    assert found == {metric.name: (metric.kind, metric.labels) for metric in ALL}


def test_the_token_is_shown_by_no_command_and_no_refusal(tmp_path):
    short = {"CONSENT_METRICS_TOKEN": "short-and-secret"}
    shown = CliRunner().invoke(main, ["check-config"], env={"CONSENT_METRICS_TOKEN": TOKEN})
    refused = CliRunner().invoke(main, ["check-config"], env=short)

    assert (shown.exit_code, refused.exit_code) == (0, 1)
    assert "CONSENT_METRICS_TOKEN   ***" in shown.output
    assert TOKEN not in shown.output
    assert "CONSENT_METRICS_TOKEN: must have 32" in refused.output
    assert "short-and-secret" not in refused.output


def test_a_row_of_a_log_that_cannot_be_read_hides_nothing_else(app, client, site):
    """What the logs would say is left out; the database answers."""
    with app.app_context(), unguarded(db.engine) as connection:
        unreadable = "yesterday" if db.engine.dialect.name == "sqlite" else "infinity"
        connection.execute(sa.text(f"UPDATE log_checkpoints SET signed_at = '{unreadable}'"))  # noqa: S608

    with capture_logs() as told:
        answer = client.get("/metrics", headers=BEARER)

    assert answer.status_code == 200
    figures = read(answer.text)
    assert figures[("consent_database_up",)] == 1
    assert ("consent_log_alarms",) not in figures
    assert [line["at"][:36] for line in told if line["event"] == "row_unreadable"] == [
        "consent_server.operations.measuring:"
    ]


def test_all_that_a_purge_erases_is_told_from_the_start():
    kept = {"unreadable"}

    assert {what for (what,) in PURGED.known} == vars(Purged()).keys() - kept
