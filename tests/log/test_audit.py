"""``log audit``: what was not touched passes, every single change is found and named."""

import random
import re

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.erasing.service import erase_subject
from consent_server.sealing.audit import Audit
from consent_server.trail.service import leave_line
from tests.builders import OTHER_VISITOR, acceptance, refusal, withdrawal
from tests.log.tampering import TAMPERINGS, unguarded
from tests.scheduling import IS_WHOLE

#: Single changes of each run, on each engine; `make test` makes a tenth of them.
TRIALS = 1_000 if IS_WHOLE else 100


@pytest.fixture
def audit(app, notary):
    """Audit a log; gives what was found."""

    def audit(site="demo"):
        with app.app_context():
            return list(Audit(site, notary).findings())

    return audit


@pytest.fixture
def a_log(app, decide, seal, clock):
    """A log of some batches with a full tile, erasures, and something in the queue."""
    decide(acceptance(1))
    seal()
    for _ in range(270):
        decide(refusal())
    decide(acceptance(1, consent_id=OTHER_VISITOR))
    seal()
    decide(withdrawal(2))
    seal()
    for consent_id in ("C" * 21 + "A", "D" * 21 + "A"):
        decide(acceptance(1, consent_id=consent_id))
        seal()
        erased, ring = (app.extensions[f"consent_{name}"] for name in ("erased", "keys"))
        with app.app_context():
            erase_subject("demo", ring.subject("demo", consent_id), "art17", clock.instant, erased)
    seal()
    decide(refusal())


def test_an_untouched_log_passes(a_log, audit):
    assert audit() == []


def test_a_log_that_holds_nothing_yet_passes(site, audit):
    assert audit() == []


def test_of_many_single_changes_each_is_found(app, a_log, audit, rows):
    """Each is undone before the next one; the log passes again after the last."""
    chance = random.Random(20261122)
    missed, misplaced = [], []
    for trial in range(TRIALS):
        tampering = TAMPERINGS[trial % len(TAMPERINGS)]
        row = chance.choice(rows(tampering.table))
        with app.app_context():
            changed = tampering.apply(db.engine, row, chance)
            found = audit()
            tampering.undo(db.engine, row, changed)
        if not found:
            missed.append((tampering.name, row))
        elif (
            tampering.table == "log_entries"
            # A link is not part of the log: what lost or found one is named, or its neighbour.
            and tampering.column != "record_id"
            and found[0].index != row["leaf_index"]
        ):
            misplaced.append((tampering.name, row["leaf_index"], found[0]))

    assert missed == []
    assert misplaced == []
    assert audit() == []


#: Rows that somebody puts in where no row of the service stands, so that none is missed or changed.
PUT_IN = {
    "the publication after demo/ui/1 cannot be read": (
        "publications (site_id, revision, bundle_hash, bundle, document, published_at, immaterial) "
        "SELECT site_id, 2, 'x' || bundle_hash, bundle, document, published_at, immaterial"
    ),
    "line -5 of the trail: stands before the beginning": (
        "trail_lines (site_id, number, line_id, at, who, what, facts) "
        "SELECT site_id, -5, 'x', published_at, 'os:nobody', 'audit', document"
    ),
    "checkpoint -1: stands before the beginning": (
        "log_checkpoints (site_id, size, previous_size, root, note, signed_at) "
        "SELECT site_id, -1, 0, {32 bytes}, '', published_at"
    ),
    "checkpoint 999: was cosigned, and is missing": (
        "log_cosignatures (site_id, vkey, size, line, seen_at) "
        "SELECT site_id, 'x', 999, '', published_at"
    ),
}


@pytest.mark.parametrize("said", PUT_IN)
def test_what_is_put_in_beside_all_others_is_named(app, site, seal, decide, audit, said):
    decide(acceptance(1))
    seal()
    with app.app_context(), unguarded(db.engine) as connection:
        is_sqlite = db.engine.dialect.name == "sqlite"
        zeros = "zeroblob(32)" if is_sqlite else "decode(repeat('00', 32), 'hex')"
        row = PUT_IN[said].replace("{32 bytes}", zeros)
        connection.execute(sa.text(f"INSERT INTO {row} FROM publications"))

    [found] = audit()

    assert found.problem.startswith(said)


class TestWithoutItsKeys:
    """PostgreSQL lets two rows be one record where somebody took the key of the table away."""

    @pytest.fixture
    def database_url(self, postgresql_url):
        return postgresql_url

    def test_a_record_that_is_there_twice_is_named(self, app, site, decide, seal, audit):
        record_id = decide(acceptance(1)).json["record_id"]
        decide(refusal())
        seal()
        with app.app_context(), unguarded(db.engine) as connection:
            for statement in (
                "ALTER TABLE consent_records DROP CONSTRAINT pk_consent_records CASCADE",
                "CREATE TEMP TABLE other AS SELECT * FROM consent_records WHERE n IS NOT NULL",
                "UPDATE other SET language = 'en'",
                "INSERT INTO consent_records SELECT * FROM other",
            ):
                connection.execute(sa.text(statement))

        # Which of both the log is compared with, is as the database likes it.
        assert f"record {record_id}: is there more than once" in map(str, audit())

    def test_nor_is_a_line_of_the_trail(self, app, site, seal, clock, audit):
        with app.app_context():
            leave_line("demo", "os:nobody", "audit", clock.instant)
        seal()
        with app.app_context(), unguarded(db.engine) as connection:
            for statement in (
                "ALTER TABLE trail_lines DROP CONSTRAINT pk_trail_lines",
                "CREATE TEMP TABLE other AS SELECT * FROM trail_lines WHERE number = 1",
                "UPDATE other SET who = 'os:somebody'",
                "INSERT INTO trail_lines SELECT * FROM other",
            ):
                connection.execute(sa.text(statement))

        assert "line 1 of the trail: is there more than once" in map(str, audit())


def test_an_entry_that_changed_is_named_by_its_index(app, a_log, audit):
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(
            sa.text("UPDATE consent_records SET language = 'xx' WHERE event = 'withdrawn'")
        )

    [found] = audit()

    assert found.index == 274
    assert re.match(r"record \S{22}: its decision is not what was committed to", found.problem)
