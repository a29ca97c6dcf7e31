"""The whole service as the role that owns nothing, from the first publication to the last purge."""

import json

import pytest

from consent_server.background import _round
from consent_server.retention.purging import purge
from consent_server.retention.service import record_lapses
from tests.builders import ORIGIN, OTHER_VISITOR, VISITOR, acceptance, refusal, withdrawal
from tests.cli import conftest as commands

run = commands.run
document = commands.document
OWN = {"Consent-Id": VISITOR, "Origin": ORIGIN}


@pytest.fixture
def lapse(app, clock):
    """Record what is over, and erase what was kept long enough, as the service does by itself."""

    def lapse():
        with _round(app, "housekeeping"):
            return record_lapses(clock.instant), purge(
                clock.instant, app.extensions["consent_erased"]
            )

    return lapse


def test_a_site_lives_its_life(client, decide, check, api_key, seal, clock, lapse, run):
    granted = decide(acceptance()).json["token"]
    before = check(granted)["granted"]
    for body in (refusal(), withdrawal(n=2), acceptance(consent_id=OTHER_VISITOR)):
        assert decide(body).status_code == 201
    seal()
    exported = client.get("/v1/sites/demo/export?format=jsonl", headers=api_key("export"))
    shown = client.get("/v1/sites/demo/me", headers=OWN)
    seal()
    erased = client.delete("/v1/sites/demo/me", headers=OWN)
    seal()
    clock.advance(days=400)
    lapsed, _ = lapse()
    seal()
    clock.advance(days=365 * 12)
    _, purged = lapse()
    seal()

    assert (before, check(granted)["granted"]) == (True, False)
    assert (exported.status_code, exported.text.count('"record_id"') >= 4) == (200, True)
    assert (len(shown.json["records"]), erased.json["erased"]) == (2, 2)
    assert (lapsed, purged.records, purged.idempotency_keys) == (1, 3, 0)
    assert run("log", "audit", "demo").exit_code == 0


def test_its_commands_do_what_they_say(client, run, document, decide, api_key, tmp_path):
    decide(acceptance())
    key_id = api_key("check")["Authorization"].split("_")[2]
    code = [
        run(*words)
        for words in (
            ("site", "publish", document(name="Another name")),
            ("log", "seal"),
            ("log", "checkpoint", "demo"),
            ("key", "revoke", key_id),
            ("export", "demo", "-o", tmp_path / "export"),
            ("verify", tmp_path / "export"),
            ("rights", "show", "demo", "--consent-id", VISITOR),
            ("rights", "erase", "demo", "--consent-id", VISITOR),
            ("backup", tmp_path / "backup"),
            ("purge",),
            ("lapse",),
            ("trail", "demo"),
            ("site", "archive", "demo"),
        )
    ]

    assert [done.exit_code for done in code] == [0] * len(code), [done.output for done in code]
    assert client.get("/readyz").json == {"status": "ok"}


@pytest.mark.parametrize("level", ["counts", "decisions"])
def test_a_running_server_streams_an_export_whole(server, api_key, level):
    for visitor in (VISITOR, OTHER_VISITOR):
        body = json.dumps(acceptance(consent_id=visitor))
        headers = {"Origin": ORIGIN, "Content-Type": "text/plain"}
        assert server.request("POST", "/v1/sites/demo/consents", body, headers)[0] == 201

    path = f"/v1/sites/demo/export?format=jsonl&level={level}"
    status, _, body = server.request("GET", path, headers=api_key("export"))
    lines = [json.loads(line) for line in body.splitlines()]
    records = [line for line in lines if not {"log", "manifest"} & line.keys()]

    assert status == 200
    assert sum(record.get("count", 1) for record in records) == 2
    # The server's own sequencer may have sealed them meanwhile, or not.
    assert sum(lines[-1]["manifest"][name] for name in ("rows", "waiting")) == len(records)
