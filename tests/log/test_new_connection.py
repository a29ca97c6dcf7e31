"""What is about to be signed is read again on a connection that nobody had, however many there are.

One that was in use answers from what it has read, and would not notice what the disk says now.
"""

from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from consent_server.db import db, fresh_session


@pytest.fixture
def opened(app):
    """A function: open connections of the pool, all at once; gives those of the driver."""

    def opened(count):
        with ExitStack() as stack:
            all_ = [stack.enter_context(db.engine.connect()) for _ in range(count)]
            return [each.connection.driver_connection for each in all_]

    with app.app_context():
        yield opened


@pytest.mark.parametrize("count", [0, 1, 5])
def test_it_is_new_and_closed_afterwards(opened, count):
    known = opened(count)
    with fresh_session() as session:
        session.execute(sa.select(1))
        new = session.connection().connection.driver_connection
    control = opened(1)

    assert new not in known
    assert control[0] in known if known else control[0] is not new
    with pytest.raises(db.engine.dialect.loaded_dbapi.Error, match="closed"):
        new.execute("SELECT 1")


def test_one_that_cannot_be_opened_is_an_error_of_the_engine(opened):
    def refuse(*_):
        raise db.engine.dialect.loaded_dbapi.OperationalError("no more connections")

    sa.event.listen(db.engine, "connect", refuse)

    with pytest.raises(sa.exc.OperationalError), fresh_session():
        pass
