"""How connections to PostgreSQL are opened: each default is in force, and gives way to the URL."""

import select
import socket
from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy as sa

from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.postgresql.sessions import LIMITS, PATIENCE
from tests.machine import cluster, postgresql
from tests.tworoles import SERVICE, connect


@pytest.fixture
def opened(two_roles, tmp_path):
    """Open the service's connection, with more in its address."""
    apps = []

    def opened(query="", url=two_roles.service, **environment):
        settings = {"DATABASE_URL": f"{url}{query}", "CONSENT_DATA_DIR": str(tmp_path / "data")}
        apps.append(create_app(load_settings({**settings, **environment})))
        with apps[-1].app_context():
            return db.engine.connect()

    yield opened
    for app in apps:
        with app.app_context():
            db.engine.dispose()


def shown(connection):
    return {
        name: connection.execute(sa.text(f"SHOW {name}")).scalar_one()
        for name in (*LIMITS, "TimeZone")
    }


def test_every_limit_is_in_force(opened):
    with opened() as connection:
        found = shown(connection)

    assert found | LIMITS == found


def test_a_server_that_vanished_is_noticed(opened):
    with opened() as connection:
        driver = connection.connection.driver_connection
        asked = driver.info.get_parameters()
        with socket.socket(fileno=socket.dup(driver.fileno())) as own:
            tcp = [
                own.getsockopt(socket.IPPROTO_TCP, option)
                for option in (
                    socket.TCP_USER_TIMEOUT,
                    socket.TCP_KEEPIDLE,
                    socket.TCP_KEEPINTVL,
                    socket.TCP_KEEPCNT,
                )
            ]

    assert tcp == [5000, 10, 3, 3]
    assert {name: asked[name] for name in PATIENCE} == {k: str(v) for k, v in PATIENCE.items()}


def test_what_the_address_says_wins_and_leaves_the_rest(opened):
    query = "?connect_timeout=7&tcp_user_timeout=1000&options=-c%20statement_timeout%3D8s"
    with opened(query) as connection:
        asked = connection.connection.driver_connection.info.get_parameters()
        found = shown(connection)

    assert (asked["connect_timeout"], asked["tcp_user_timeout"]) == ("7", "1000")
    assert asked["keepalives_idle"] == "10"
    assert found == {**found, **LIMITS, "statement_timeout": "8s"}


@pytest.mark.parametrize("pooled", ["false", "true"])
def test_what_the_database_says_of_dates_and_letters_does_not_count(opened, two_roles, pooled):
    with connect(two_roles.administrator) as administrator:
        for own in ("datestyle = 'German'", "client_encoding = 'LATIN1'"):
            administrator.execute(f"ALTER DATABASE {two_roles.name} SET {own}")

    query = "SELECT timestamptz '2026-11-22 20:00Z', '—'"
    with opened(CONSENT_DATABASE_POOLED=pooled) as connection:
        found = connection.exec_driver_sql(query).one()

    assert found == (datetime(2026, 11, 22, 20, tzinfo=UTC), "—")
    with connect(two_roles.administrator) as control, pytest.raises(NotImplementedError):
        control.execute("SELECT now()").fetchone()


#: Settings by which what is sent or answered is read in another way; each has a control.
OTHER_READINGS = {
    "array_nulls = off": ("SELECT '{NULL}'::text[]", [None]),
    "standard_conforming_strings = off": ("SELECT '\\x7b22'::bytea", b'{"'),
    "quote_all_identifiers = on": ("SELECT quote_ident('n')", "n"),
    "row_security = off": ("SELECT count(*) FROM sites", 0),
}


@pytest.mark.parametrize("own", OTHER_READINGS)
def test_nor_what_it_says_of_how_statements_are_read(opened, two_roles, own):
    query, read = OTHER_READINGS[own]
    with connect(two_roles.administrator) as administrator:
        administrator.execute(f"ALTER ROLE {SERVICE} IN DATABASE {two_roles.name} SET {own}")

    with opened() as connection:
        found = connection.exec_driver_sql(query).scalar_one()

    assert found == read
    with connect(two_roles.service) as control:
        try:
            other = control.execute(query).fetchone()
        except psycopg.errors.InsufficientPrivilege:
            return
    assert other != (read,)


def test_a_statement_and_a_wait_for_a_lock_have_an_end(opened):
    query = "?options=-c%20statement_timeout%3D60ms%20-c%20lock_timeout%3D20ms"
    with opened(query) as connection:
        with pytest.raises(sa.exc.OperationalError, match="statement timeout"):
            connection.exec_driver_sql("SELECT pg_sleep(30)")
        connection.rollback()
        with opened() as other:
            other.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")
            with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(1)")


def test_a_transaction_that_does_nothing_is_ended(opened):
    with opened("?options=-c%20idle_in_transaction_session_timeout%3D500ms") as connection:
        connection.exec_driver_sql("SELECT 1")
        driver = connection.connection.driver_connection
        was_told, _, _ = select.select([driver], [], [], 30)
        with pytest.raises(psycopg.errors.IdleInTransactionSessionTimeout):
            driver.execute("SELECT 1")
        connection.invalidate()

    assert was_told


def test_of_several_hosts_the_one_that_takes_writes_is_used(opened, two_roles):
    read_only = {**cluster.SETTINGS, "default_transaction_read_only": "on"}
    standby = cluster.start(postgresql.find(), read_only)
    try:
        url = sa.make_url(two_roles.administrator)
        hosts = f"?host=127.0.0.1:{standby.port}&host=127.0.0.1:{url.port}"
        several = f"postgresql://consent@/postgres{hosts}"
        with opened(url=several) as connection:
            writing = connection.connection.driver_connection.info.port
        with opened("&target_session_attrs=any", several) as connection:
            control = connection.connection.driver_connection.info.port
    finally:
        standby.stop()

    assert (writing, control) == (url.port, standby.port)


def test_through_a_pooler_nothing_is_asked_of_a_session(opened):
    with opened(CONSENT_DATABASE_POOLED="true") as connection:
        driver = connection.connection.driver_connection
        asked = driver.info.get_parameters()
        found = shown(connection)

    assert "options" not in asked
    assert driver.prepare_threshold is None
    assert found | LIMITS == found, "the role has its limits from the server"
