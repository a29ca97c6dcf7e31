"""``log audit``: what was not touched passes, every single change is found and named."""

import random
import re

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.erasing.service import erase_subject
from consent_server.sealing.audit import Audit
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


def test_an_entry_that_changed_is_named_by_its_index(app, a_log, audit):
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(
            sa.text("UPDATE consent_records SET language = 'xx' WHERE event = 'withdrawn'")
        )

    [found] = audit()

    assert found.index == 274
    assert re.match(r"record \S{22}: its decision is not what was committed to", found.problem)
