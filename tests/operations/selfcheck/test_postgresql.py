"""Lines about PostgreSQL, against the real one of the tests, which is fast and not safe."""

import uuid

import psycopg
import pytest

from consent_server.operations.selfcheck import postgresql


@pytest.fixture
def database_url(postgresql_url):
    return postgresql_url


@pytest.fixture
def administer(postgresql_url):
    """Run statements as the cluster's superuser."""

    def administer(*statements):
        with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    return administer


@pytest.fixture
def role(administer):
    """A role that may connect, and nothing else."""
    name = f"service_{uuid.uuid4().hex}"
    administer(f"CREATE ROLE {name} LOGIN")
    yield name
    administer(f"DROP OWNED BY {name}", f"DROP ROLE {name}")


def test_a_server_that_loses_what_it_acknowledged_fails(look, monkeypatch):
    code, lines = look()
    monkeypatch.setattr(postgresql, "DURABLE", ("synchronous_commit",))
    _, without = look()

    assert (code, lines["postgresql-durability"]["status"]) == (1, "fail")
    assert "fsync" in lines["postgresql-durability"]["seen"]
    assert without["postgresql-durability"]["status"] == "ok"
    assert lines["postgresql-checksums"]["status"] == "warn"
    assert lines["postgresql-tls"]["status"] == "ok"


def test_a_role_that_may_do_too_much_is_told(look, role, administer, postgresql_url):
    _, superuser = look()
    database = postgresql_url.rpartition("/")[2].partition("?")[0]
    administer(
        f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}",
        f"GRANT CONNECT ON DATABASE {database} TO {role}",
    )
    as_role = postgresql_url.replace("consent@", f"{role}@")
    assert as_role != postgresql_url
    _, limited = look(DATABASE_URL=as_role)
    administer(f"ALTER TABLE consent_records OWNER TO {role}")
    _, owner = look(DATABASE_URL=as_role)
    administer("ALTER TABLE consent_records OWNER TO consent")

    assert superuser["postgresql-role"]["status"] == "fail"
    assert "super" in superuser["postgresql-role"]["seen"]
    assert limited["postgresql-role"]["status"] == "ok"
    assert owner["postgresql-role"]["status"] == "warn"


def test_an_old_server_fails(look, monkeypatch):
    monkeypatch.setattr(postgresql, "OLDEST", 99)

    code, lines = look()

    assert (code, lines["postgresql-version"]["status"]) == (1, "fail")
