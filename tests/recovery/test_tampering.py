"""A tombstone that says ``lost`` excuses what is not there, and hides no change of what is."""

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.ledger.entries import LOST, Artifact, decode
from consent_server.log.queue import queue_tombstones
from consent_server.trail.service import leave_line
from tests.log.tampering import unguarded


@pytest.fixture
def claim_lost(app, rows, clock, seal):
    """Say of an artifact that it was lost, as somebody could who writes to the database."""

    def claim_lost(kind, number=1):
        named = [
            row["leaf_index"]
            for row in rows("log_entries")
            if isinstance(entry := decode(bytes(row["entry"])), Artifact)
            and entry.name == f"demo/{kind}/{number}"
        ]
        with app.app_context():
            queue_tombstones("demo", named, LOST, clock.instant)
            db.session.commit()
        seal()

    return claim_lost


@pytest.fixture
def change(app):
    """Run a statement past all triggers."""

    def change(statement):
        with app.app_context():
            db.session.remove()
            with unguarded(db.engine) as connection:
                connection.execute(sa.text(statement))

    return change


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        ("config", "UPDATE publications SET bundle = replace(bundle, 'analytics', 'marketing')"),
        ("ui", "DELETE FROM widget_builds"),
        ("trail", "UPDATE trail_lines SET why = 'another' WHERE number = 1"),
    ],
)
def test_a_change_of_what_is_said_to_be_lost_is_found(
    site, app, clock, seal, audit, claim_lost, change, kind, statement
):
    with app.app_context():
        for _ in range(2):
            leave_line("demo", "os:me", "audit", clock.instant)
    seal()
    change(statement)
    assert audit() != []

    claim_lost(kind)

    assert audit() != []


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_line_that_is_gone_and_said_to_be_lost_is_told_by_its_tombstone(
    site, app, clock, seal, audit, change, claim_lost, number
):
    with app.app_context():
        for _ in range(3):
            leave_line("demo", "os:me", "audit", clock.instant)
    seal()
    change(f"DELETE FROM trail_lines WHERE number = {number}")  # noqa: S608
    assert audit() != []

    claim_lost("trail", number)

    assert audit() == []
