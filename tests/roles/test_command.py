"""``db roles``: the statements shown, or run as the owner of the tables."""

import uuid

import pytest
from psycopg.sql import SQL, Identifier

from tests.cli import conftest as commands
from tests.tworoles import OWNER, SERVICE, connect

run = commands.run


@pytest.fixture
def new_role(two_roles):
    """The name of a role that is not there yet."""
    name = f"new {uuid.uuid4().hex}"  # a blank: names are quoted
    yield name
    with connect(two_roles.administrator) as connection:
        connection.execute(SQL("DROP OWNED BY {}").format(Identifier(name)))
        connection.execute(SQL("DROP ROLE {}").format(Identifier(name)))


def rights(two_roles, role):
    query = (
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants "
        "WHERE grantee = %s ORDER BY 1, 2"
    )
    with connect(two_roles.administrator) as connection:
        return connection.execute(query, (role,)).fetchall()


def test_what_is_shown_makes_the_role_and_its_rights(run, two_roles, new_role):
    shown = run("db", "roles", new_role)
    with connect(two_roles.administrator) as connection:
        for _ in range(2):
            connection.execute(shown.stdout)
        found = "SELECT rolsuper, rolbypassrls, rolcanlogin, rolconfig FROM pg_roles"
        made = connection.execute(f"{found} WHERE rolname = %s", (new_role,)).fetchone()

    assert made[:3] == (False, False, True)
    assert "lock_timeout=2s" in made[3]
    assert "search_path=public, pg_temp" in made[3]
    assert rights(two_roles, new_role) == rights(two_roles, SERVICE) != []


def test_the_owner_gives_a_role_its_rights(run, two_roles):
    before = rights(two_roles, SERVICE)
    with connect(two_roles.owner) as connection:
        connection.execute(f"REVOKE ALL ON log_entries FROM {SERVICE}")

    given = run("db", "roles", SERVICE, "--apply", env={"DATABASE_URL": two_roles.owner})

    assert given.exit_code == 0, given.output
    assert given.stdout == f"{SERVICE}: given its rights\n"
    assert rights(two_roles, SERVICE) == before


def test_an_administrator_makes_the_role_with_its_rights(run, two_roles, new_role):
    given = run("db", "roles", new_role, "--apply", env={"DATABASE_URL": two_roles.administrator})

    assert given.exit_code == 0, given.output
    assert "made, without a password" in given.stdout
    assert rights(two_roles, new_role) == rights(two_roles, SERVICE)


@pytest.mark.parametrize(
    ("who", "role", "said"),
    [
        ("service", SERVICE, "DATABASE_URL has to name the tables' owner"),
        ("owner", OWNER, "choose another role"),
        ("owner", "nobody_made_this_one", "an administrator"),
    ],
)
def test_what_cannot_be_done_is_refused_and_changes_nothing(run, two_roles, who, role, said):
    before = rights(two_roles, SERVICE), rights(two_roles, OWNER)

    refused = run("db", "roles", role, "--apply", env={"DATABASE_URL": getattr(two_roles, who)})

    assert refused.exit_code == 1
    assert refused.stderr.startswith("role_refused: ")
    assert said in refused.stderr
    assert (rights(two_roles, SERVICE), rights(two_roles, OWNER)) == before


@pytest.mark.parametrize(
    ("power", "said"),
    [
        ("ALTER ROLE {role} BYPASSRLS", "may do too much: BYPASSRLS;"),
        ("GRANT {other} TO {role}", "may do too much: SUPERUSER as other"),
        ("GRANT roles_owner TO {role}", "may do too much: everything as roles_owner;"),
        ("GRANT pg_execute_server_program TO {role}", "FILES as pg_execute_server_program;"),
    ],
    ids=["own", "of another role", "of the owner", "files"],
)
def test_a_role_that_no_grant_could_narrow_is_refused(run, two_roles, new_role, power, said):
    other = Identifier(f"other {uuid.uuid4().hex}")
    with connect(two_roles.administrator) as connection:
        connection.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(new_role)))
        connection.execute(SQL("CREATE ROLE {} SUPERUSER").format(other))
        connection.execute(SQL(power).format(role=Identifier(new_role), other=other))
        try:
            refused = run(
                "db", "roles", new_role, "--apply", env={"DATABASE_URL": two_roles.administrator}
            )
        finally:
            connection.execute(SQL("DROP ROLE {}").format(other))

    assert (refused.exit_code, said in refused.stderr) == (1, True), refused.output
    assert rights(two_roles, new_role) == []


def test_on_an_older_schema_it_says_so(run, two_roles):
    with connect(two_roles.owner) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0006'")

    refused = run("db", "roles", SERVICE, "--apply", env={"DATABASE_URL": two_roles.owner})

    assert (refused.exit_code, refused.stderr[:17]) == (1, "schema_outdated: ")


@pytest.mark.parametrize("words", [("db", "upgrade"), ("site", "list")])
def test_a_role_that_may_not_change_the_schema_says_so(run, two_roles, words):
    with connect(two_roles.owner) as connection:
        connection.execute("DROP TABLE restricted_proofs")
        connection.execute("UPDATE alembic_version SET version_num = '0011'")

    refused = run(*words, env={"DATABASE_URL": two_roles.service})

    assert (refused.exit_code, refused.stderr[:20]) == (1, "database_not_owned: ")


def test_a_right_that_is_missing_is_named(run, two_roles):
    """As after an upgrade that brought a table, and no ``db roles``."""
    with connect(two_roles.owner) as connection:
        connection.execute(
            SQL("REVOKE ALL ON restricted_proofs FROM {}").format(Identifier(SERVICE))
        )

    refused = run("purge", env={"DATABASE_URL": two_roles.service})

    assert refused.exit_code == 1
    assert "permission denied for table restricted_proofs; run db roles" in refused.stderr
