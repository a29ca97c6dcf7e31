"""What of a publication is in no bundle is in the log too, by its line of the trail."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.log.models import QueuedEntry
from consent_server.sealing.audit import Audit
from consent_server.sealing.errors import LogInconsistent
from consent_server.sealing.service import seal
from consent_server.sites.models import Publication
from consent_server.trail.models import TrailLine
from tests.log.tampering import unguarded

#: Columns and what they are changed to.
CHANGES = {
    "when": {"published_at": datetime(2026, 11, 1, tzinfo=UTC)},
    "why": {"reason": "another reason"},
    "that it was no correction": {"immaterial": False, "reason": None},
    "from which document": {"document": {}},
}
SECOND = sa.update(Publication).where(Publication.revision == 2)


@pytest.fixture
def corrected(run, document):
    """A site that was published, and corrected without asking anybody again."""
    assert run("site", "publish", document()).exit_code == 0
    reason = ["--immaterial", "--reason", "a spelling mistake"]
    done = run("site", "publish", document(name="Demo Shop"), *reason)
    assert done.exit_code == 0, done.output


@pytest.fixture
def audit(app, notary):
    def audit():
        with app.app_context():
            return [str(finding) for finding in Audit("demo", notary).findings()]

    return audit


@pytest.mark.parametrize("change", CHANGES)
def test_nobody_can_change_it_later(app, corrected, audit, change):
    assert audit() == []

    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(SECOND.values(CHANGES[change]))

    assert [one for one in audit() if "publication 2: its document, its time or its reason" in one]


def test_a_line_that_was_taken_away_before_the_log_had_it_is_missed(
    app, run, document, notary, audit, monkeypatch
):
    """The last one leaves no gap in the numbers."""
    assert run("site", "publish", document()).exit_code == 0
    with monkeypatch.context() as sealing:
        sealing.setattr("consent_server.sealing.publishing.bring_into_force", lambda *_: "later")
        run("site", "publish", document(name="Demo Shop"))
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(sa.delete(TrailLine).where(TrailLine.number == 2))
        waiting = connection.execute(sa.select(QueuedEntry.entry)).scalars().all()
        [line] = [entry for entry in waiting if b'"k":"trail"' in entry]
        connection.execute(sa.delete(QueuedEntry).where(QueuedEntry.entry == line))
    with app.app_context(), pytest.raises(LogInconsistent) as refused:
        seal("demo", notary, datetime(2026, 11, 30, tzinfo=UTC))

    assert "publication 2: no line of the trail tells of it" in str(refused.value)
    assert "publication 2: no line of the trail tells of it" in audit()


def test_nor_by_changing_the_line_as_well(app, corrected, audit):
    line = TrailLine.number == 2
    with app.app_context(), unguarded(db.engine) as connection:
        connection.execute(SECOND.values(reason="x"))
        facts = connection.execute(sa.select(TrailLine.facts).where(line)).scalar_one()
        changed = sa.update(TrailLine).where(line).values(facts={**facts, "reason": "x"})
        connection.execute(changed)

    assert [one for one in audit() if "line 2 of the trail is not what was written" in one]
