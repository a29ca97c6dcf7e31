"""Records of which it cannot be read when they were made: kept, named, and in nobody's way."""

import json

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from consent_server.consents.correcting import Correction
from consent_server.db import db
from consent_server.errors import RowUnreadable
from consent_server.retention import purging
from consent_server.retention.purging import Purged
from consent_server.rights.service import correct
from tests.builders import OTHER_VISITOR, VISITOR, acceptance, refusal, withdrawal
from tests.cli.conftest import run  # noqa: F401 (a fixture)
from tests.log.tampering import unguarded

#: What no version of the service writes, by engine: before all that is due, among it, after it.
INSTANTS = {
    "sqlite": {
        "before": "'-'",
        "among": "'2026-11-31T20:00:00.000Z'",
        "an hour too many": "'2026-11-22T24:00:00.000Z'",
        "other bytes": "CAST(x'3230323631ff' AS TEXT)",
        "after": "'yesterday'",
    },
    "postgresql": {
        "before": "'-infinity'",
        "among": "'0044-03-15 BC'",
        "an hour too many": "'-infinity'",
        "other bytes": "'294276-01-01'",
        "after": "'infinity'",
    },
}


@pytest.fixture
def damage(app):
    """Change when a record was made, past every guard."""

    def damage(record_id, where, site="demo"):
        with app.app_context(), unguarded(db.engine) as connection:
            instant = INSTANTS[db.engine.dialect.name][where]
            change = f"UPDATE consent_records SET recorded_at = {instant} WHERE record_id = :id"  # noqa: S608
            assert connection.execute(sa.text(change), {"id": record_id}).rowcount == 1

    return damage


@pytest.fixture
def purge(app, clock):
    """Purge at the clock's instant; gives what was erased, and what was refused."""

    def purge(**how):
        purged = Purged()
        with app.app_context(), pytest.raises(RowUnreadable) as refused:
            purging.purge(clock.instant, app.extensions["consent_erased"], purged, **how)
        return purged, str(refused.value)

    return purge


@pytest.fixture
def left(app):
    """Read which records there are."""

    def left():
        with app.app_context(), db.engine.connect() as connection:
            return set(connection.scalars(sa.text("SELECT record_id FROM consent_records")))

    return left


def due(decide, clock, bodies):
    """Record decisions, and let their time end; gives the records' ids."""
    made = []
    for body in bodies:
        made.append(decide(body).json["record_id"])
        clock.advance(seconds=1)
    clock.set("2029-11-22T20:00:00+00:00")
    return made


@pytest.mark.parametrize("where", INSTANTS["sqlite"])
@pytest.mark.parametrize("page", [1, 500])
def test_it_is_kept_and_named_and_all_others_go(
    decide, damage, purge, left, clock, monkeypatch, where, page
):
    ids = due(decide, clock, [refusal() for _ in range(5)])
    damage(ids[2], where)
    monkeypatch.setattr(purging, "BATCH", dict.fromkeys(purging.BATCH, page))
    monkeypatch.setattr(purging, "FORESEEN", page)

    foreseen, _ = purge(is_dry_run=True)
    with capture_logs() as lines:
        purged, told = purge()

    assert left() == {ids[2]}
    assert (foreseen.records, foreseen.unreadable) == (purged.records, purged.unreadable) == (4, 1)
    assert told.startswith("demo: ") and ids[2] in told
    [line] = [line for line in lines if line["event"] == "records_not_purged"]
    assert (line["site"], line["count"], line["records"]) == ("demo", 1, [ids[2]])


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("where", ["before", "among", "after"])
def test_what_else_its_visitor_has_is_kept_too(decide, damage, purge, left, clock, where, which):
    """Nobody knows when that visitor's last consent event was."""
    theirs = [acceptance(1), withdrawal(2), acceptance(3)]
    of_other = acceptance(1, consent_id=OTHER_VISITOR)
    ids = due(decide, clock, [*theirs, of_other, refusal()])
    damage(ids[which], where)

    foreseen, _ = purge(is_dry_run=True)
    purged, told = purge()

    assert left() == set(ids[:3])
    assert (foreseen.records, foreseen.unreadable) == (purged.records, purged.unreadable) == (2, 1)
    assert ids[which] in told


@pytest.mark.parametrize("where", ["before", "among", "after"])
@pytest.mark.parametrize("page", [1, 500])
def test_what_corrects_it_is_kept_too(
    app, decide, damage, purge, left, clock, monkeypatch, where, page
):
    wrong, _ = due(decide, clock, [refusal(), refusal()])
    clock.set("2026-11-23T20:00:00+00:00")
    with app.app_context():
        right = correct("demo", wrong, Correction(language="en"), clock.instant).record_id
    damage(wrong, where)
    clock.set("2029-11-22T20:00:00+00:00")
    monkeypatch.setattr(purging, "BATCH", dict.fromkeys(purging.BATCH, page))
    monkeypatch.setattr(purging, "FORESEEN", page)

    foreseen, _ = purge(is_dry_run=True)
    purged, _ = purge()

    assert left() == {wrong, right}
    assert (foreseen.records, purged.records) == (1, 1)


def test_it_goes_when_it_is_put_right(app, decide, damage, purge, left, clock, rows):
    [record_id] = due(decide, clock, [acceptance(consent_id=VISITOR)])
    damage(record_id, "after")
    purge()

    with app.app_context(), unguarded(db.engine) as connection:
        mend = "UPDATE consent_records SET recorded_at = '2026-11-22T20:00:00.000Z'"
        connection.execute(sa.text(mend))
    with app.app_context():
        purged = purging.purge(clock.instant, app.extensions["consent_erased"])

    assert (purged.records, purged.unreadable, left()) == (1, 0, set())


def test_the_command_counts_what_is_kept_and_ends_with_1(
    run,  # noqa: F811
    decide,
    damage,
    clock,
):
    ids = due(decide, clock, [refusal() for _ in range(8)])
    for record_id in ids[:7]:
        damage(record_id, "after")

    with capture_logs():  # which are on standard error
        foreseen = run("purge", "--dry-run", "--json")
        told = run("purge")

    assert foreseen.exit_code == told.exit_code == 1
    counted = json.loads(foreseen.stdout)
    assert (counted["records"], counted["unreadable"]) == (1, 7)
    lines = told.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("1 record erased", "7 records kept: cannot be read")
    said = told.stderr.splitlines()[-1]
    assert said.startswith("records_unreadable: demo: ") and "and 2 more" in said


@pytest.fixture
def rename(app):
    """Change an id of a record to what is none, past every guard."""

    def rename(record_id, column, value):
        with app.app_context(), unguarded(db.engine) as connection:
            change = f"UPDATE consent_records SET {column} = :value WHERE record_id = :id"  # noqa: S608
            done = connection.execute(sa.text(change), {"value": value, "id": record_id})
            assert done.rowcount == 1

    return rename


@pytest.mark.parametrize("value", ["a,b", 'a"b', "a\\", "{a}", "a b\n"])
@pytest.mark.parametrize("column", ["record_id", "subject"])
def test_an_id_that_is_none_keeps_no_other_waiting(
    decide, rename, purge, left, clock, column, value
):
    ids = due(decide, clock, [acceptance(1), refusal()])
    rename(ids[0], column, value)

    foreseen, _ = purge(is_dry_run=True)
    purged, told = purge()

    kept = value if column == "record_id" else ids[0]
    assert left() == {kept}
    assert (foreseen.records, foreseen.unreadable) == (purged.records, purged.unreadable) == (1, 1)
    assert kept.rstrip() in told


def test_an_id_that_names_two_others_takes_neither(decide, rename, purge, left, clock, rows):
    old = decide(refusal()).json["record_id"]
    clock.set("2029-11-22T20:00:00+00:00")
    young = [decide(refusal()).json["record_id"] for _ in range(2)]
    both = ",".join(young)
    rename(old, "record_id", both)

    purged, told = purge()

    assert left() == {*young, both}
    assert (purged.records, purged.unreadable) == (0, 1)
    assert both in told
    assert not [line for line in rows("trail_lines") if line["what"] == "purge"]


@pytest.mark.parametrize("where", INSTANTS["sqlite"])
def test_a_sealed_proof_of_no_end_is_told_of_when_all_else_is_done(
    app, decide, purge, left, clock, where
):
    due(decide, clock, [refusal()])
    with app.app_context(), unguarded(db.engine) as connection:
        end = INSTANTS[db.engine.dialect.name][where]
        insert = "INSERT INTO restricted_proofs (site_id, proof_id, ends_at, sealed) "
        connection.execute(sa.text(f"{insert} VALUES ('demo', 'x', {end}, :data)"), {"data": b"x"})

    foreseen, _ = purge(is_dry_run=True)
    purged, told = purge()

    assert (foreseen.restricted_proofs, purged.restricted_proofs) == (0, 0)
    with app.app_context(), unguarded(db.engine) as connection:
        kept = connection.scalar(sa.text("SELECT count(*) FROM restricted_proofs"))
    assert (purged.records, left(), kept) == (1, set(), 1)
    assert told.startswith("of 1 sealed proof (restricted_proofs) it cannot be read")


class TestIds:
    """Of SQLite, which keeps any bytes as text."""

    @pytest.fixture
    def database_url(self, sqlite_url):
        return sqlite_url

    @pytest.mark.parametrize("column", ["record_id", "subject"])
    def test_one_that_is_no_text_keeps_no_other_waiting(self, app, decide, purge, clock, column):
        ids = due(decide, clock, [acceptance(1), refusal()])
        changed = f"UPDATE consent_records SET {column} = CAST(x'61ff' AS TEXT)"  # noqa: S608
        with app.app_context(), unguarded(db.engine) as connection:
            change = f"{changed} WHERE record_id = :id"
            assert connection.execute(sa.text(change), {"id": ids[0]}).rowcount == 1

        purged, told = purge()

        assert (purged.records, purged.unreadable) == (1, 1)
        assert (r"a\xff" if column == "record_id" else ids[0]) in told
