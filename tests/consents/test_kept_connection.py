"""The one connection on which decisions are written: whose it is, and what is left of it."""

import pytest
import sqlalchemy as sa

from consent_server.committing import SharedCommits
from consent_server.db import prepare_engine
from consent_server.sqlite import sqlite3

ONE = "INSERT INTO rows VALUES (?)"


@pytest.fixture
def engine(tmp_path):
    made = sa.create_engine(
        f"sqlite:///{tmp_path / 'rows.db'}", module=sqlite3, connect_args={"timeout": 5}
    )
    prepare_engine(made)
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE rows (name TEXT PRIMARY KEY)")
    yield made
    made.dispose()


def test_one_that_is_in_use_when_the_pool_is_closed_is_closed_after_it(engine):
    used = []

    def write(driver):
        used.append(driver)
        engine.dispose()
        driver.exec_driver_sql(ONE, ("a",))

    SharedCommits(engine).run(write)

    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        used[0].exec_driver_sql("SELECT 1")
    with engine.connect() as connection:
        assert connection.scalars(sa.text("SELECT name FROM rows")).all() == ["a"]


def test_what_was_not_read_to_its_end_keeps_nobody_from_writing_after_a_failure(engine):
    """Whoever tells of the failure may hold the result for a while."""
    line, results = SharedCommits(engine), []

    def fail(driver):
        for name in "ab":
            driver.exec_driver_sql(ONE, (name,))
        results.append(driver.exec_driver_sql("SELECT name FROM rows"))
        results[0].fetchone()
        raise MemoryError

    with pytest.raises(MemoryError):
        line.run(fail)

    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        connection.exec_driver_sql("UPDATE rows SET name = 'c'")
        connection.rollback()
