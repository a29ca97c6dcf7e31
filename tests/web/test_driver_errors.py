"""What PostgreSQL itself says is wrong, as an answer to a request."""

import psycopg
import pytest
import sqlalchemy as sa

from consent_server.web import problems
from tests.tworoles import connect

ASKED = "SELECT number FROM numbers"


@pytest.fixture
def database_url(postgresql_url):
    return postgresql_url


@pytest.fixture
def status(app):
    """A function: the status of the answer when a driver's error comes through the engine."""

    def status(error):
        wrapped = sa.exc.NotSupportedError(ASKED, {}, error)
        with app.test_request_context():
            return problems.from_driver(wrapped).status_code

    return status


@pytest.fixture
def connection(two_roles):
    with connect(two_roles.administrator) as opened:
        opened.execute("CREATE TABLE numbers (number int)")
        yield opened


def test_a_schema_that_changed_under_a_prepared_statement_passes(connection, status, two_roles):
    connection.execute(ASKED, prepare=True)
    with connect(two_roles.administrator) as another:
        another.execute("ALTER TABLE numbers ALTER COLUMN number TYPE bigint")

    with pytest.raises(psycopg.errors.FeatureNotSupported) as changed:
        connection.execute(ASKED, prepare=True)

    assert status(changed.value) == 503


def test_what_it_has_no_support_for_is_a_fault_of_ours(connection, status):
    """Both have the same SQLSTATE; to send it again helps one of them."""
    with pytest.raises(psycopg.errors.FeatureNotSupported) as refused:
        connection.execute("SELECT count(*) FROM numbers FOR UPDATE")

    assert status(refused.value) == 500
