"""What PostgreSQL itself says is wrong, as an answer to a request."""

import sqlite3

import psycopg
import pytest
import sqlalchemy as sa
from flask import g
from structlog.testing import capture_logs

from consent_server.errors import told_of_database
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


def test_a_right_that_the_role_lacks_is_the_database_s_matter(connection, status, two_roles):
    denial = pytest.raises(psycopg.errors.InsufficientPrivilege)
    with connect(two_roles.service) as served, denial as denied:
        served.execute(ASKED)

    assert status(denied.value) == 503


def test_a_row_that_a_policy_refuses_is_a_fault_of_ours(status, two_roles):
    refusal = pytest.raises(psycopg.errors.InsufficientPrivilege)
    with connect(two_roles.service) as served, refusal as refused:
        served.execute("INSERT INTO sites VALUES ('other', now(), NULL)")

    assert status(refused.value) == 500


@pytest.fixture
def told(app):
    """A function: the line that is logged of an error, without where it came from."""

    def told(error):
        with app.test_request_context(), capture_logs() as lines:
            g.request_id = "0123456789abcdef"
            assert problems.from_database(error).status_code == 503
        [line] = lines
        return {name: value for name, value in line.items() if name not in ("at", "log_level")}

    return told


EVERY_LINE = {"event": "database_unavailable", "request_id": "0123456789abcdef"}


def test_why_there_is_no_connection_is_told_in_words_without_the_password(told):
    engine = sa.create_engine("postgresql+psycopg://consent:p4ssw0rd@127.0.0.1:1/consent")
    with pytest.raises(sa.exc.OperationalError) as away:
        engine.connect()

    line = told(away.value)

    assert "Connection refused" in line["why"] and "\n" not in line["why"]
    assert "p4ssw0rd" not in str(line)
    assert line == {**EVERY_LINE, "error": "OperationalError", "why": line["why"]}


def test_what_is_said_of_a_statement_is_told_by_its_code_alone(told, connection):
    raised = "DO $$ BEGIN RAISE EXCEPTION 'MARIE' USING ERRCODE = '53100'; END $$"
    with pytest.raises(psycopg.errors.DiskFull) as full:
        connection.execute(raised)

    line = told(sa.exc.OperationalError(raised, {}, full.value))

    assert line == {**EVERY_LINE, "error": "DiskFull", "code": "53100"}


def test_what_sqlite_refuses_is_told_by_its_code_alone(told, tmp_path):
    first, second = (sqlite3.connect(tmp_path / "file", timeout=0) for _ in range(2))
    first.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError) as busy:
        second.execute("BEGIN IMMEDIATE")
    first.close()
    second.close()

    line = told(sa.exc.OperationalError("BEGIN", {}, busy.value))

    assert line == {**EVERY_LINE, "error": "OperationalError", "code": "SQLITE_BUSY"}


def test_an_error_that_is_not_of_the_database_keeps_its_own_kind():
    try:
        raise RuntimeError("the clock is ahead") from KeyError("MARIE")
    except RuntimeError as error:
        told = told_of_database(error)

    assert told["error"] == "RuntimeError"
    assert "MARIE" not in str(told) and "why" not in told
