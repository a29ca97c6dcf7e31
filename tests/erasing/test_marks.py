"""Two machines, or two processes, that say at once what was erased."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from consent_server import rowscope
from consent_server.db import db, writing
from consent_server.erasing.marks import mark_of, remember_subjects, set_mark

#: Whether somebody waits for the transaction that asks.
WAITING = (
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid"
)


@pytest.fixture
def database_url(postgresql_owner_url):
    """PostgreSQL alone: SQLite has one writer."""
    return postgresql_owner_url


@pytest.fixture
def both(app, published_unsealed):
    """Let one write what is not committed before another one waits for it."""

    def other(write):
        with app.app_context(), rowscope.every_site():
            with writing():
                write()
                db.session.commit()
            db.session.remove()

    def both(first, then):
        with app.app_context(), ThreadPoolExecutor(1) as pool:
            with writing():
                first()
                done = pool.submit(other, then)
                while not db.session.execute(sa.text(WAITING)).scalar_one() and not done.done():
                    pass
                db.session.commit()
            done.result()

    return both


@pytest.mark.parametrize("before", [0, 1], ids=["no mark yet", "a mark"])
def test_the_higher_of_two_marks_that_are_set_at_once_stays(app, both, before):
    if before:
        with app.app_context(), writing():
            set_mark("list", before)
            db.session.commit()

    both(lambda: set_mark("list", 5), lambda: set_mark("list", 3))

    with app.app_context():
        assert mark_of("list") == 5


@pytest.mark.parametrize("before", [{}, {"who": 1}], ids=["nobody yet", "somebody"])
def test_the_higher_of_two_counters_that_are_spent_at_once_stays(app, both, rows, clock, before):
    def remember(subjects):
        remember_subjects("demo", {who: (n, clock.instant) for who, n in subjects.items()})

    with app.app_context(), writing():
        remember(before)
        db.session.commit()

    both(lambda: remember({"who": 5}), lambda: remember({"who": 3}))

    assert [row["n"] for row in rows("erased_subjects")] == [5]
