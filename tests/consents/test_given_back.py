"""No transaction outlives the use of a connection, however it was given back."""

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.driver import borrowed

HELD = "UPDATE sites SET archived_at = archived_at"


@pytest.fixture
def one_connection(app):
    """The pool's only connection, so that whoever comes next gets the one that was given back."""
    with app.app_context():
        db.engine.dispose()
        yield db.engine


def is_open(engine):
    """Whether whoever takes a connection finds a transaction on it."""
    pooled = engine.raw_connection()
    driver = pooled.driver_connection
    try:
        if engine.dialect.name == "sqlite":
            return driver.in_transaction
        return driver.info.transaction_status.name != "IDLE"
    finally:
        driver.rollback()
        pooled.close()


def test_a_borrowed_connection_takes_no_transaction_back(one_connection, site):
    with borrowed(one_connection) as driver:
        driver.exec_driver_sql("BEGIN")
        driver.exec_driver_sql(HELD)

    assert not is_open(one_connection)


def test_a_connection_of_the_pool_takes_no_transaction_back(one_connection, site):
    pooled = one_connection.raw_connection()
    pooled.driver_connection.execute("BEGIN")
    pooled.driver_connection.execute(HELD)
    pooled.close()

    assert not is_open(one_connection)


def test_a_session_takes_no_transaction_back(one_connection, site):
    db.session.execute(sa.text(HELD))
    db.session.remove()

    assert not is_open(one_connection)


def test_a_level_of_isolation_of_its_own_takes_no_transaction_back(one_connection, site):
    options = {"isolation_level": "SERIALIZABLE"}
    with one_connection.connect().execution_options(**options) as connection:
        connection.execute(sa.text(HELD))

    assert not is_open(one_connection)


def test_what_holds_no_transaction_is_given_back_without_a_word(one_connection, site, monkeypatch):
    said = []
    monkeypatch.setattr(one_connection.dialect, "do_rollback", said.append)
    with borrowed(one_connection) as driver:
        driver.exec_driver_sql("SELECT 1").fetchall()

    assert said == []
