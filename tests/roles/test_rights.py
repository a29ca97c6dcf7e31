"""Each right is needed or refused: the list of them is tried whole, not only read."""

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from consent_server import roles
from consent_server.db import db
from tests.cli import conftest as commands
from tests.operations.selfcheck import conftest as selfchecks
from tests.tworoles import SERVICE, connect

run = commands.run
look = selfchecks.look

COLUMNS = {
    table.name: [column.name for column in table.columns] for table in db.metadata.sorted_tables
}
COLUMNS[roles.MIGRATION_TABLE] = ["version_num"]

STATEMENTS = {
    "SELECT": "SELECT FROM {table}",
    "INSERT": "INSERT INTO {table} SELECT * FROM {table} WHERE false",
    "DELETE": "DELETE FROM {table} WHERE false",
    "TRUNCATE": "TRUNCATE {table}",
    "REFERENCES": "CREATE TABLE other (a text REFERENCES {table})",
    "TRIGGER": "CREATE TRIGGER other AFTER INSERT ON {table} EXECUTE FUNCTION refuse_change()",
    "UPDATE": "UPDATE {table} SET {column} = {column} WHERE false",
}
#: What is no right on a table: only owners and administrators do it.
DEFINITIONS = [
    "CREATE TABLE other (a text)",
    "CREATE FUNCTION other() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "ALTER TABLE consent_records DISABLE TRIGGER consent_records_erase",
    "ALTER TABLE consent_records ADD COLUMN other text",
    "DROP TRIGGER trail_lines_append_only ON trail_lines",
    "DROP TABLE consent_records",
    "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN RETURN NULL; END'",
    "SET session_replication_role = replica",
    "CREATE ROLE other",
    "ALTER ROLE roles_service BYPASSRLS",
    "SET ROLE roles_owner",
    "COPY sites TO '/dev/null'",
    "COPY sites TO PROGRAM 'true'",
]


def refusal(connection, statement):
    """Return the SQLSTATE of a statement that is tried and undone; None where it may be run."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)
    except psycopg.Error as error:
        return error.sqlstate
    return None


def tried(connection, right):
    statement = SQL(STATEMENTS[right.right]).format(
        table=Identifier(right.table), column=Identifier(right.column or "")
    )
    return refusal(connection, statement)


def test_every_table_has_its_rights():
    assert set(roles.RIGHTS) == set(COLUMNS)
    assert not [
        (table, column)
        for table, rights in roles.RIGHTS.items()
        for column in rights.changes
        if column not in COLUMNS[table]
    ]


def test_each_right_is_granted_or_refused(two_roles):
    with connect(two_roles.service) as connection:
        answers = {right: tried(connection, right) for right in roles.every_right(COLUMNS)}
    with connect(two_roles.administrator) as connection:
        control = {tried(connection, right) for right in answers if not right.is_needed}

    needed = {str(right): answer for right, answer in answers.items() if right.is_needed}
    others = {str(right): answer for right, answer in answers.items() if not right.is_needed}
    assert set(needed.values()) == {None}, needed
    assert set(others.values()) == {"42501"}, others
    assert len(others) > 150
    assert "42501" not in control, "what is refused is refused for want of the right"


@pytest.mark.parametrize("statement", DEFINITIONS)
def test_nothing_is_defined_by_the_service(two_roles, statement):
    with connect(two_roles.service) as connection:
        assert refusal(connection, statement) == "42501"


def test_the_grants_can_be_made_again_and_take_what_is_too_much(two_roles, app):
    with connect(two_roles.owner) as connection:
        connection.execute(f"GRANT UPDATE, TRUNCATE ON consent_records TO {SERVICE}")
        connection.execute(f"REVOKE UPDATE (hashes) ON log_tiles FROM {SERVICE}")
    with app.app_context(), db.engine.begin() as connection:
        missing, needless = roles.differences(connection)

    with connect(two_roles.owner) as connection:
        for statement in roles.grants(SERVICE) * 2:
            connection.execute(statement)
    with app.app_context(), db.engine.begin() as connection:
        after = roles.differences(connection)

    assert missing == ["UPDATE log_tiles.hashes"]
    assert needless[0] == "TRUNCATE consent_records"
    assert len(needless) == 1 + len(COLUMNS["consent_records"])
    assert after == ([], [])


def test_what_the_owner_alone_can_do_is_refused_in_words(run, app):
    refused = run("db", "compact")

    assert (refused.exit_code, refused.stderr[:20]) == (1, "database_not_owned: ")


def test_selfcheck_says_what_is_missing_and_what_is_too_much(look, two_roles):
    _, before = look()
    with connect(two_roles.owner) as connection:
        connection.execute(f"GRANT TRUNCATE ON sites TO {SERVICE}")
        connection.execute(f"GRANT CREATE ON SCHEMA public TO {SERVICE}")
    _, too_much = look()
    with connect(two_roles.owner) as connection:
        connection.execute(f"REVOKE DELETE ON log_queue FROM {SERVICE}")
    code, missing = look()
    _, owner = look(DATABASE_URL=two_roles.owner)

    lines = [found["postgresql-rights"] for found in (before, too_much, missing, owner)]
    assert [line["status"] for line in lines] == ["ok", "warn", "fail", "ok"]
    assert before["postgresql-role"]["status"] == "ok"
    assert lines[1]["seen"].endswith("TRUNCATE sites, CREATE in the schema")
    assert (code, lines[2]["seen"]) == (1, "lacks DELETE log_queue")
    assert owner["postgresql-role"]["status"] == "warn"
