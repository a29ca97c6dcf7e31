"""A visitor whose record somebody changed so that it cannot be read: a no is taken, a yes waits."""

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from consent_server.db import db
from tests.builders import NONE, OTHER_VISITOR, a_decision, acceptance, withdrawal
from tests.log.tampering import unguarded

#: Column → what no version of the service writes there: on SQLite, on PostgreSQL.
DAMAGES = {
    "expires_at": ("yesterday", "infinity"),
    "recorded_at": ("yesterday", "294276-01-01"),
    # Read as an instant, and a choice made after it ends after the last year there is.
    "recorded_at, far": ("9998-12-31T23:59:59.999Z", "9998-12-31T23:59:59.999Z"),
    "recorded_at, last": ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    "categories": ('{"analytics": 1}', '{"analytics": 1}'),
    "services": ("null", "null"),
}


@pytest.fixture
def damage(app):
    """Change a column of a record so that it cannot be read, past every guard."""

    def damage(record_id, what):
        column = what.partition(",")[0]
        with app.app_context(), unguarded(db.engine) as connection:
            is_sqlite = db.engine.dialect.name == "sqlite"
            value = DAMAGES[what][0 if is_sqlite else 1]
            change = f"UPDATE consent_records SET {column} = '{value}' WHERE record_id = :id"  # noqa: S608
            assert connection.execute(sa.text(change), {"id": record_id}).rowcount == 1

    return damage


@pytest.fixture
def damaged(decide, damage, request):
    """A grant that cannot be read any more: what was answered, and the request."""
    asked = acceptance()
    answered = decide(asked).json
    damage(answered["record_id"], request.param)
    return answered, asked


of_each_column = pytest.mark.parametrize("damaged", DAMAGES, indirect=True)


@of_each_column
@pytest.mark.parametrize(
    "no",
    [
        withdrawal(2),
        # Also a no to one of them, and one that came late: what they left is not known.
        a_decision(action="withdraw", categories={"analytics": False}, n=2),
        a_decision(categories={"analytics": False}, n=1),
        a_decision(action="reject_all", categories=NONE, n=2),
    ],
    ids=["withdrawal", "partial", "late", "refusal"],
)
def test_a_no_is_recorded_after_it(damaged, decide, rows, check, no):
    before, _ = damaged

    answer = decide(no)

    assert answer.status_code == 201, answer.text
    choices = answer.json["categories"]
    assert [id_ for id_, choice in choices.items() if choice["granted"]] == ["necessary"]
    [kept] = [row for row in rows_but_instants(rows) if row["record_id"] != before["record_id"]]
    assert (kept["previous"], bool(kept["superseded"])) == (before["record_id"], False)
    for token in (before["token"], answer.json["token"]):
        assert check(token)["granted"] is False


@of_each_column
@pytest.mark.parametrize("yes", [acceptance(2), a_decision(n=2)], ids=["all", "some"])
def test_a_yes_waits(damaged, decide, rows, yes):
    with capture_logs() as lines:
        answer = decide(yes)

    assert (answer.status_code, answer.json["reason"]) == (503, "row_unreadable")
    assert answer.headers["Retry-After"] == "60"
    assert len(rows_but_instants(rows)) == 1
    [told] = [line for line in lines if line["event"] == "row_unreadable"]
    assert told["at"].startswith("consent_server.consents.")
    assert told.keys() == {"event", "log_level", "request_id", "error", "at"}


@of_each_column
def test_nobody_else_notices(damaged, decide):
    assert decide(acceptance(consent_id=OTHER_VISITOR)).status_code == 201
    assert decide(withdrawal(2, consent_id=OTHER_VISITOR)).status_code == 201


@of_each_column
def test_a_yes_that_was_answered_is_not_answered_again_by_it(damaged, decide, rows):
    _, asked = damaged

    answer = decide(asked)

    assert (answer.status_code, answer.json["reason"]) == (503, "row_unreadable")
    assert len(rows_but_instants(rows)) == 1


@pytest.mark.parametrize("column", ["expires_at", "categories"])
def test_a_no_that_was_answered_is_recorded_once_more(decide, damage, column):
    """A browser that waits for its answer sends no other no before."""
    decide(acceptance())
    asked = withdrawal(2)
    damage(decide(asked).json["record_id"], column)

    answer = decide(asked)

    assert answer.status_code == 201
    assert answer.json["event"] == "withdrawn"


def test_a_no_is_put_after_the_grant_also_when_the_clock_was_set_back(decide, damage, clock, check):
    first = decide(acceptance())
    clock.advance(days=1)
    granted = decide(acceptance(2)).json
    damage(first.json["record_id"], "recorded_at")
    clock.advance(days=-2)

    denied = decide(withdrawal(3)).json

    assert denied["recorded_at"] > granted["recorded_at"]


def rows_but_instants(rows):
    """Read what PostgreSQL's driver reads, too, of a row that has an instant beyond all."""
    return rows("(SELECT site_id, record_id, previous, superseded FROM consent_records) AS kept")
