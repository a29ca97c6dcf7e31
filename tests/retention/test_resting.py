"""A purge rests for those who write, and for nobody else."""

from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from consent_server.db import db, writing
from consent_server.retention import resting
from tests.builders import refusal

MARK = sa.text("INSERT INTO erasure_marks VALUES (:id, 1)")


@pytest.fixture
def work(app, monkeypatch):
    """Work for some seconds, writing once; gives for how long a rest after it lets others write."""
    slept, clock = [], [0.0]
    fake = SimpleNamespace(sleep=slept.append, monotonic=lambda: clock[0])
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
            rest()
        return sum(slept)

    return work


def test_half_of_the_time_is_for_those_who_write(work, decide):
    lengths = []
    for seconds in (0.2, 0.3):
        decide(refusal())
        lengths.append(work(seconds))

    assert lengths == pytest.approx([0.2, 0.3])


def test_where_nobody_else_writes_sqlite_alone_rests(app, work, client):
    work(0.2)
    client.get("/s/demo.js")
    with app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"

    assert work(0.001) == (resting.SHORTEST if is_sqlite else 0)
    assert work(0.3) == pytest.approx(0.3 if is_sqlite else 0)
