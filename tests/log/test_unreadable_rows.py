"""A row that can no longer be read is named like any other that was changed."""

import re

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.ledger.canonical import digest
from consent_server.sealing import service as sealing
from consent_server.sealing.errors import LogInconsistent, RecordDiffers
from consent_server.trail.service import leave_line
from tests.builders import ORIGIN, OTHER_VISITOR, VISITOR, acceptance
from tests.log.tampering import unguarded

#: Columns of a line of the trail, and what no version of the service writes there.
ANYWHERE = [
    ("facts", '{"document": 1, "revision": [1]}'),
    ("facts", '{"document": 1, "revision": {}}'),
    ("facts", "[]"),
]
#: What the types of PostgreSQL refuse.
IN_SQLITE = [("facts", "{"), ("facts", ""), ("at", "yesterday")]


@pytest.fixture
def changed(app):
    """Change rows past every guard."""

    def changed(statement, **values):
        with app.app_context(), unguarded(db.engine) as connection:
            done = connection.execute(sa.text(statement), values)
            assert done.rowcount == 1

    return changed


def test_a_line_of_the_trail(app, site, clock, seal, changed, findings, database_url):
    with app.app_context():
        for what in ("publish", "audit"):
            leave_line("demo", "os:somebody", what, clock.instant)
    seal()
    assert findings() == []

    is_sqlite = database_url.startswith("sqlite")
    for column, value in ANYWHERE + (IN_SQLITE if is_sqlite else []):
        slot = ":value" if is_sqlite else "CAST(:value AS jsonb)"
        changed(f"UPDATE trail_lines SET {column} = {slot} WHERE number = 1", value=value)  # noqa: S608

        [said] = findings()
        assert "line 1 of the trail is not what was written" in said, (column, value)


def test_a_line_with_a_number_far_beyond_all_others(app, site, clock, seal, changed, findings):
    with app.app_context():
        for what in ("audit", "trail", "audit"):
            leave_line("demo", "os:somebody", what, clock.instant)
    seal()

    changed("UPDATE trail_lines SET number = 9007199254740991 WHERE number = 3")

    assert [re.sub("index [0-9]+: ", "", said) for said in findings()] == [
        "line 3 of the trail is missing",
        "lines 4 to 9007199254740990 of the trail are missing",
        "line 9007199254740991 of the trail: is neither in the log nor in its queue",
    ]


def test_a_record_of_a_publication_that_there_is_not(decide, seal, changed, findings):
    record_id = decide(acceptance()).json["record_id"]
    seal()

    changed("UPDATE consent_records SET revision = 7")

    [said] = findings()
    assert f"record {record_id}: cannot be read" in said


@pytest.mark.parametrize("nothing", ["null", "[]", "0", "false", '""'])
def test_choices_that_are_empty_and_no_object(app, decide, seal, changed, findings, nothing):
    """They would be committed to as none are."""
    record_id = decide(acceptance()).json["record_id"]
    seal()

    slot = ":value" if in_sqlite(app) else "CAST(:value AS jsonb)"
    changed(f"UPDATE consent_records SET services = {slot}", value=nothing)  # noqa: S608

    [said] = findings()
    assert f"record {record_id}: cannot be read" in said


def in_sqlite(app):
    with app.app_context():
        return db.engine.dialect.name == "sqlite"


@pytest.mark.parametrize("column", ["categories", "expires_at"])
def test_of_one_visitor_keeps_nothing_from_another(
    app, client, check, decide, seal, changed, api_key, column
):
    """Nothing is granted by it, nothing of it is given out, and it is asked about without a 5xx."""
    one, other = (decide(acceptance(consent_id=id_)).json for id_ in (VISITOR, OTHER_VISITOR))
    seal()

    unreadable = {"expires_at": "yesterday" if in_sqlite(app) else "infinity", "categories": "[1]"}
    changed(
        f"UPDATE consent_records SET {column} = '{unreadable[column]}' WHERE record_id = :id",  # noqa: S608
        id=one["record_id"],
    )

    checks = [{"token": given["token"], "category": "analytics"} for given in (one, other)]
    answer = client.post("/v1/check", json={"site": "demo", "checks": checks}, headers=api_key())
    assert [asked["granted"] for asked in answer.json["results"]] == [False, True]
    assert check(one["token"])["categories"]["analytics"]["reason"] == "unknown"
    key, own = api_key("export"), {"Consent-Id": VISITOR, "Origin": ORIGIN}
    for address, headers in (
        ("me", own),
        ("me?format=csv", own),
        ("me/receipt", own),
        ("consents", key),
        (f"consents/{one['record_id']}/proof", key),
    ):
        refused = client.get(f"/v1/sites/demo/{address}", headers=headers)
        assert (refused.status_code, refused.json["reason"]) == (409, "evidence_damaged"), address
    assert client.get("/v1/sites/demo/me", headers={**own, "Consent-Id": OTHER_VISITOR}).json
    assert client.delete("/v1/sites/demo/me", headers=own).json["erased"] == 1


def test_an_api_key_speaks_for_nobody(app, client, site, api_key, changed):
    key = api_key()
    slot = "'7'" if in_sqlite(app) else "CAST('7' AS jsonb)"
    changed(f"UPDATE api_keys SET scopes = {slot}")  # noqa: S608

    answer = client.get("/v1/check?site=demo", headers=key)

    assert (answer.status_code, answer.json["reason"]) == (401, "key_invalid")


def test_nor_is_it_sealed(app, decide, changed, notary, clock):
    decide(acceptance())

    changed("UPDATE consent_records SET revision = 7")

    with app.app_context(), pytest.raises(RecordDiffers):
        sealing.seal("demo", notary, clock.instant)


def test_a_tile_of_a_level_that_no_tree_has(decide, seal, changed, findings):
    decide(acceptance())
    seal()

    changed("UPDATE log_tiles SET level = 1000000, tile_index = 1 WHERE level = 0")

    assert any("has no entries below it" in said for said in findings())


def test_a_checkpoint_of_a_log_without_a_name(app, decide, seal, changed, findings, notary, clock):
    decide(acceptance())
    seal()

    changed(
        "UPDATE log_checkpoints SET note = '' WHERE size = (SELECT max(size) FROM log_checkpoints)"
    )

    assert "no log is called ''" in findings()
    with app.app_context(), pytest.raises(LogInconsistent):
        sealing.seal("demo", notary, clock.instant)


def test_a_place_in_the_queue_that_no_entry_can_have(decide, changed, findings):
    decide(acceptance())

    changed("UPDATE log_queue SET leaf_index = 7")

    [said] = findings()
    assert "places in the queue do not follow" in said


def test_a_lease_whose_end_is_none_keeps_nobody_waiting(app, decide, seal, changed, rows):
    decide(acceptance())
    seal()
    decide(acceptance(2))

    changed(f"UPDATE log_leases SET until = '{'yesterday' if in_sqlite(app) else 'infinity'}'")  # noqa: S608

    assert seal().count == 1
    [lease] = rows("log_leases")
    assert "2026" in str(lease["until"])


def test_the_second_part_of_a_widget(site, changed, findings):
    second = artifacts().widget.second
    changed(
        "UPDATE widget_builds SET source = :source WHERE hash = :hash",
        source=second + b"//",
        hash=digest(second),
    )
    [other] = findings()
    changed("DELETE FROM widget_builds WHERE hash = :hash", hash=digest(second))
    [none] = findings()

    assert other == none
    assert "publication 1: the second part of its widget is missing or not what was pub" in other


class TestTextThatIsNoUtf8:
    """SQLite keeps any bytes as text, and its driver reads no row that has such."""

    @pytest.fixture
    def database_url(self, sqlite_url):
        return sqlite_url

    @pytest.mark.parametrize(
        ("table", "column", "said"),
        [
            ("consent_records", "language", "record {}: cannot be read"),
            ("consent_records", "subject", "record {}: cannot be read"),
            ("consent_records", "categories", "record {}: cannot be read"),
            ("consent_records", "record_id", "record {}: is missing"),
            ("log_entries", "record_id", r"record {}\udcff: is missing"),
            ("log_checkpoints", "note", "larger than a note may be, or with control characters"),
            ("log_checkpoints", "signed_at", "a row of the log cannot be read"),
            ("publications", "bundle", "nothing of the kind was published"),
            ("trail_lines", "who", "line 1 of the trail is not what was written"),
        ],
    )
    def test_is_named(self, app, decide, seal, clock, changed, findings, table, column, said):
        record_id = decide(acceptance()).json["record_id"]
        with app.app_context():
            leave_line("demo", "os:somebody", "audit", clock.instant)
        seal()

        changed(
            f"UPDATE {table} SET {column} = {column} || CAST(x'ff' AS TEXT) WHERE rowid = "  # noqa: S608
            f"(SELECT max(rowid) FROM {table} WHERE {column} IS NOT NULL)"
        )

        assert any(said.format(record_id) in line for line in findings()), findings()
        assert all(line.isprintable() for line in findings())

    def test_of_a_record_keeps_its_log_alone_waiting(self, app, decide, changed, notary, clock):
        decide(acceptance())

        changed("UPDATE consent_records SET language = CAST(x'ff' AS TEXT)")

        with app.app_context(), pytest.raises(RecordDiffers):
            sealing.seal("demo", notary, clock.instant)


class TestInstantsThatTheDriverDoesNotRead:
    """PostgreSQL keeps ``infinity``, and years beyond those of Python."""

    @pytest.fixture
    def database_url(self, postgresql_url):
        return postgresql_url

    @pytest.mark.parametrize("instant", ["infinity", "294276-01-01"])
    @pytest.mark.parametrize(
        ("table", "column", "said"),
        [
            ("consent_records", "recorded_at", "record {}: its decision is not what was com"),
            ("log_checkpoints", "signed_at", "a row of the log cannot be read"),
            ("publications", "published_at", "nothing of the kind was published"),
            ("trail_lines", "at", "line 1 of the trail is not what was written"),
        ],
    )
    def test_is_named(
        self, app, decide, seal, clock, changed, findings, table, column, said, instant
    ):
        record_id = decide(acceptance()).json["record_id"]
        with app.app_context():
            leave_line("demo", "os:somebody", "audit", clock.instant)
        seal()

        key = {"log_checkpoints": "size", "trail_lines": "number"}.get(table, column)
        changed(
            f"UPDATE {table} SET {column} = '{instant}' "  # noqa: S608
            f"WHERE {key} = (SELECT max({key}) FROM {table})"
        )

        assert any(said.format(record_id) in line for line in findings()), findings()

    def test_of_a_checkpoint_raises_the_alarm(self, client, decide, seal, changed, api_key):
        decide(acceptance())

        changed("UPDATE log_checkpoints SET signed_at = 'infinity'")

        with pytest.raises(LogInconsistent, match="cannot be read"):
            seal()
        assert client.get("/readyz").json == {"status": "ok", "log": "alarm"}
        for address in ("log/checkpoint", "log/key", "export?format=csv"):
            refused = client.get(f"/v1/sites/demo/{address}", headers=api_key("export"))
            assert (refused.status_code, refused.json["reason"]) == (409, "log_inconsistent")
        changed("UPDATE log_checkpoints SET signed_at = now()")
        assert seal().count == 1
