"""An entry of which it cannot be read since when it waits: it waits, is named, and alone."""

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from consent_server.db import db
from consent_server.sealing.errors import LogInconsistent
from tests.builders import acceptance, refusal
from tests.cli.conftest import document, run, run_json  # noqa: F401 (fixtures)
from tests.log.tampering import unguarded

INSTANTS = {
    "sqlite": {"before": "'-'", "other": "CAST(x'32ff' AS TEXT)", "after": "'yesterday'"},
    "postgresql": {"before": "'-infinity'", "other": "'294276-01-01'", "after": "'infinity'"},
}


@pytest.fixture
def change(app):
    """Change when entries were queued, past every guard."""

    def change(where, instant):
        with app.app_context(), unguarded(db.engine) as connection:
            value = INSTANTS[db.engine.dialect.name].get(instant, f"'{instant}'")
            done = connection.execute(sa.text(f"UPDATE log_queue SET queued_at = {value} {where}"))  # noqa: S608
            assert done.rowcount == 1

    return change


@pytest.fixture
def waiting(decide, change, seal):
    """The id of a record that waits for ever, among others; damages it in one way."""
    seal()

    def waiting(instant):
        ids = [decide(body).json["record_id"] for body in (refusal(), refusal(), acceptance())]
        change(f"WHERE record_id = '{ids[1]}'", instant)
        return ids[1]

    return waiting


each_instant = pytest.mark.parametrize("instant", INSTANTS["sqlite"])


@each_instant
def test_all_others_are_sealed_and_an_alarm_is_raised_until_it_is_mended(
    client, waiting, seal, rows, change, findings, instant
):
    record_id = waiting(instant)
    said = f"record {record_id}: cannot be read of when it was queued, and waits until it can"

    with pytest.raises(LogInconsistent, match=record_id):
        seal()

    assert sum(row["record_id"] is not None for row in rows("log_entries")) == 2
    assert client.get("/readyz").json == {"status": "ok", "log": "alarm"}
    assert findings() == [said]
    change(f"WHERE record_id = '{record_id}'", "2026-11-22T20:00:00.000Z")
    assert seal().count == 1
    assert client.get("/readyz").json == {"status": "ok"}
    assert findings() == []


@each_instant
def test_an_export_of_what_waits_is_refused_and_one_to_a_checkpoint_is_not(
    client, waiting, seal, rows, api_key, instant
):
    waiting(instant)
    with pytest.raises(LogInconsistent):
        seal()
    size = max(row["size"] for row in rows("log_checkpoints"))
    key, address = api_key("export"), "/v1/sites/demo/export?format=csv"

    refused = client.get(address, headers=key)
    whole = client.get(f"{address}&checkpoint={size}", headers=key)

    assert (refused.status_code, refused.json["reason"]) == (409, "log_inconsistent")
    assert whole.status_code == 200
    assert b"#manifest" in whole.data


@each_instant
def test_what_is_published_meanwhile_is_in_force(
    run,  # noqa: F811
    run_json,  # noqa: F811
    document,  # noqa: F811
    waiting,
    instant,
):
    waiting(instant)

    with capture_logs():  # which are on standard error
        published = run_json("site", "publish", document(name="Another name"))
        alarmed = run("log", "seal", "demo")

    assert (published["in_force"], published["pending"]) == (True, None)
    assert alarmed.exit_code == 1
    assert "cannot be read of when it was queued" in alarmed.stderr


def test_a_publication_itself_waits_and_is_named(published_unsealed, change, seal, findings):
    change("WHERE queue_id = (SELECT min(queue_id) FROM log_queue)", "after")

    with pytest.raises(LogInconsistent, match="what stands for no record: cannot be read of"):
        seal()

    assert "what stands for no record: cannot be read of when it was queued" in findings()[0]
    assert len(findings()) == 1


@each_instant
def test_it_is_measured_and_checked_all_the_same(
    app,
    run,  # noqa: F811
    waiting,
    seal,
    clock,
    instant,
):
    from consent_server.metrics import catalogue
    from consent_server.operations.measuring import measure

    waiting(instant)
    with pytest.raises(LogInconsistent):
        seal()

    with app.app_context():
        settings = app.extensions["consent_settings"]
        policy = app.extensions["consent_notary"].policy
        measured = measure(settings, policy, clock.instant)

    assert measured[(catalogue.ALARMS.name,)] == 1.0
    assert measured[(catalogue.WAITING.name,)] == 1.0
    assert "log_inconsistent" in run("selfcheck").stdout
