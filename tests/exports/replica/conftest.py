"""The service on a database that has a replica: one pair of servers for all tests of the folder."""

import uuid
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
import structlog
from psycopg.sql import SQL, Identifier

from consent_server.metrics.catalogue import REPLICA_EXPORTS
from consent_server.metrics.counts import COUNTS
from consent_server.replica import Replica
from tests.cli import conftest as commands
from tests.exports.replica.pair import PATIENCE, Pair
from tests.machine import postgresql
from tests.tworoles import TwoRoles, connect, made, made_template

run = commands.run


@pytest.fixture(scope="session")
def pair() -> Iterator[Pair]:
    """Both servers, with a database to copy."""
    tool = postgresql.find()
    if tool is None:
        pytest.fail(f"no PostgreSQL server on this machine; {postgresql.REMEDY}", pytrace=False)
    running = Pair(tool)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def replicated_template(pair) -> str:
    """Name of a migrated database of two roles."""
    return made_template(pair.address, "template_replicated")


@pytest.fixture
def replicated(pair, replicated_template) -> Iterator[TwoRoles]:
    """A fresh database."""
    name = f"test_{uuid.uuid4().hex}"
    fresh = made(pair.address, name, Identifier(replicated_template))
    pair.catch_up()
    yield fresh
    with connect(pair.address("postgres")) as connection:
        connection.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def database_url(replicated) -> str:
    return replicated.service


@pytest.fixture
def environment(environment, pair, replicated) -> dict[str, str]:
    """A service that is told of the replica."""
    own, other = (f":{server.port}/" for server in (pair.primary, pair.standby))
    return {**environment, "CONSENT_REPLICA_URL": replicated.service.replace(own, other)}


@pytest.fixture
def app(app):
    """The service; the machine of the tests may be slow, and the replica with it."""
    replica: Replica = app.extensions["consent_replica"]
    replica.wait = PATIENCE
    yield app
    replica.engine.dispose()


@pytest.fixture
def replica(app) -> Replica:
    """What the service knows of the replica."""
    return app.extensions["consent_replica"]


@pytest.fixture
def held_back(pair) -> Iterator[Pair]:
    """The pair; what it holds back goes on after the test."""
    yield pair
    pair.let_go()


@pytest.fixture
def outcomes():
    """How many exports of this test were read from the replica, or why not."""
    before = _counted()
    return lambda: {
        outcome: count - before.get(outcome, 0)
        for outcome, count in _counted().items()
        if count != before.get(outcome, 0)
    }


def _counted() -> dict[str, float]:
    return {
        key[1]: count for key, count in COUNTS.totals().items() if key[0] == REPLICA_EXPORTS.name
    }


@pytest.fixture
def logged() -> Iterator[list]:
    """What the service says meanwhile."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def asked_of_primary(app) -> Iterator[list[str]]:
    """The statements that the database itself is asked, but for those in a pipeline."""
    from consent_server.db import db

    found: list[str] = []

    def keep(_connection, _cursor, statement, *_rest):
        found.append(statement)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", keep)
    yield found
    sa.event.remove(engine, "before_cursor_execute", keep)
