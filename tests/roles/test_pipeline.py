"""Statements that are sent together: one transaction, one round trip, whatever was prepared."""

import psycopg
import pytest

from consent_server.postgresql import pipeline
from tests.tworoles import connect

ADD = "INSERT INTO numbers VALUES ($1)"
COUNT = "SELECT count(*)::int, max(number) FROM numbers WHERE number >= $1"


@pytest.fixture
def connection(two_roles):
    with connect(two_roles.administrator) as opened:
        opened.execute("CREATE TABLE numbers (number int CHECK (number < 100))")
        yield opened


@pytest.fixture(params=["prepared", "unprepared"])
def run(connection, request):
    """Run statements with what is prepared on the connection, or as behind a pooler."""
    prepared = {}
    if request.param == "unprepared":
        connection.prepare_threshold = None

    yield lambda *statements: pipeline.run(connection, prepared, statements)
    assert bool(prepared) == (request.param == "prepared")


def test_the_last_one_sees_what_the_others_did(run):
    assert run((ADD, [7]), (ADD, [8]), (COUNT, [0])) == [(2, 8)]
    assert run((COUNT, [8])) == [(1, 8)]
    assert run((COUNT, [99])) == [(0, None)]
    assert run((ADD, [9])) == []


def test_of_one_that_fails_nothing_is_kept_and_the_error_says_what(run, connection):
    with pytest.raises(psycopg.errors.CheckViolation):
        run((ADD, [7]), (ADD, [100]), (COUNT, [0]))

    assert run((COUNT, [0])) == [(0, None)]


@pytest.mark.parametrize("forget", ["DEALLOCATE ALL", "DISCARD ALL"])
def test_what_is_no_longer_prepared_is_prepared_again(run, connection, forget):
    run((ADD, [1]), (COUNT, [0]))
    connection.execute(forget)

    assert run((ADD, [2]), (COUNT, [0])) == [(2, 2)]


def test_what_is_prepared_for_another_schema_is_prepared_again(run, connection):
    biggest = "SELECT max(number) FROM numbers"
    run((ADD, [1]), (biggest, []))
    connection.execute("ALTER TABLE numbers ALTER COLUMN number TYPE bigint")

    assert run((ADD, [2]), (biggest, [])) == [(2,)]
    with pytest.raises(psycopg.errors.FeatureNotSupported):
        run((ADD, [3]), ("SELECT count(*) FROM numbers FOR UPDATE", []))
    assert run((COUNT, [0])) == [(2, 2)]


def test_of_a_commit_that_fails_nothing_is_kept_and_the_error_says_what(run, connection):
    connection.execute("ALTER TABLE numbers ADD UNIQUE (number) DEFERRABLE INITIALLY DEFERRED")
    run((ADD, [7]), (COUNT, [0]))

    with pytest.raises(psycopg.errors.UniqueViolation):
        run((ADD, [8]), (ADD, [7]), (COUNT, [0]))

    assert run((COUNT, [0])) == [(1, 7)]


def test_a_plan_is_not_kept_for_ever(connection, monkeypatch):
    monkeypatch.setattr(pipeline, "MOST_USES", 3)
    prepared, seen = {}, []
    names = "SELECT array_agg(name ORDER BY name) FROM pg_prepared_statements"

    for _ in range(7):
        pipeline.run(connection, prepared, [(COUNT, [0])])
        seen.append(tuple(connection.execute(names, prepare=False).fetchone()[0]))

    assert [len(each) for each in seen] == [1] * 7
    assert [seen.count(each) for each in dict.fromkeys(seen)] == [3, 3, 1]


def test_a_connection_that_broke_is_an_operational_error(connection, two_roles):
    with connect(two_roles.administrator) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))

    with pytest.raises(psycopg.OperationalError):
        pipeline.run(connection, {}, [(COUNT, [0])])


def test_more_than_a_socket_takes_is_sent_whole(run):
    long = "x" * 4_000_000

    assert run(("SELECT length($1::text)", [long]), ("SELECT $1::text", [long])) == [(long,)]
