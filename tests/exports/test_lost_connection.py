"""PostgreSQL ends the connection of an export while it reads: that is told once."""

import psycopg
import pytest
import sqlalchemy as sa

from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.exports.ahead import pages_and_work
from consent_server.exports.source import Source


@pytest.fixture
def database_url(postgresql_url):
    """PostgreSQL: only a server has connections to end."""
    return postgresql_url


@pytest.fixture
def end_all(database_url):
    """A function: let the server end every connection of the service."""

    def end_all(*_):
        address = database_url.replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    return end_all


def test_the_pool_rolls_nothing_back_on_it(app, sealed, end_all, caplog):
    query = sa.select(ConsentRecord.record_id).limit(sa.bindparam("most"))
    source = Source()

    with app.app_context():
        pages = pages_and_work(source, query, [{"most": 2}, {"most": 3}], work=end_all)
        with pytest.raises(sa.exc.OperationalError):
            list(pages)
        source.rest()
        again = db.session.scalars(query, {"most": 4}).all()
        db.session.rollback()

    assert len(again) == 4
    told = [line.getMessage() for line in caplog.records if line.name.startswith("sqlalchemy")]
    assert told == []
