"""A purge rests for those who write, and for nobody else."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from consent_server.db import db, writing
from consent_server.retention import purging, resting
from tests.builders import refusal

ROOT = Path(__file__).parents[2]
MARK = sa.text("INSERT INTO erasure_marks VALUES (:id, 1)")
#: Tests that run beside this one may write to the same cluster of PostgreSQL, and then it is not
#: quiet; one of so many attempts finds it so.
ATTEMPTS = 50


@pytest.fixture
def work(app, monkeypatch):
    """Work for some seconds, writing once; gives what a rest after it says, and its seconds."""
    slept, clock = [], [0.0]

    def sleep(seconds):
        slept.append(seconds)
        clock[0] += seconds

    fake = SimpleNamespace(sleep=sleep, monotonic=lambda: clock[0])
    monkeypatch.setattr(resting, "time", fake)
    with app.app_context():
        rest = resting.Rest()

    def work(seconds):
        slept.clear()
        clock[0] += seconds
        with app.app_context():
            with writing() as connection:
                connection.execute(MARK, {"id": str(clock[0])})
                db.session.commit()
            is_quiet = rest()
        return SimpleNamespace(slept=sum(slept), is_quiet=is_quiet)

    return work


def test_half_of_the_time_is_for_those_who_write(work, decide):
    lengths = []
    for seconds in (0.2, 0.3):
        decide(refusal())
        lengths.append(work(seconds).slept)

    assert lengths == pytest.approx([0.2, 0.3])


def test_where_nobody_else_writes_sqlite_alone_rests_and_shortly(app, work, client):
    work(0.2)
    client.get("/s/demo.js")
    with app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"

    expected = resting.SHORTEST if is_sqlite else 0
    assert any(work(0.001).slept == work(0.3).slept == expected for _ in range(ATTEMPTS))


def test_it_is_quiet_when_nobody_has_written_for_a_while(work, decide):
    def found():
        decide(refusal())
        work(0.2)
        return [work(resting.QUIET / 2).is_quiet for _ in range(3)]

    assert any(found() == [False, True, True] for _ in range(ATTEMPTS))
    decide(refusal())
    assert not work(0.2).is_quiet


def test_the_docs_tell_the_sizes_of_its_batches():
    few, many = purging.BATCH, purging.QUIET_BATCH
    assert few["postgresql"] == many["postgresql"]

    told = (ROOT / "docs" / "retention.md").read_text(encoding="utf-8").replace("\n", " ")

    assert (
        f"transactions of {few['sqlite']} records on SQLite ({many['sqlite']:,} where nobody has "
        f"written for two seconds) and of {few['postgresql']} on PostgreSQL"
    ) in told


def test_whoever_writes_on_the_connection_that_it_had_is_heard(app, work):
    def another(number):
        with app.app_context(), writing() as connection:
            connection.execute(MARK, {"id": f"another {number}"})
            db.session.commit()

    lengths = []
    for number in range(3):
        lengths.append(work(0.2).slept)
        another(number)

    assert lengths == pytest.approx([0.2] * 3)
