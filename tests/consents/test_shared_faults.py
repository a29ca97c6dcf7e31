"""Any statement of a shared transaction fails: who was answered is there, and nobody by halves."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import sqlalchemy as sa

from consent_server import kept
from consent_server.committing import SharedCommits
from consent_server.db import prepare_engine
from consent_server.driver import Driver
from consent_server.sqlite import sqlite3

#: Threads that share a transaction, and the tables into which each writes its name.
TOGETHER, TABLES = 3, ("records", "entries")


def too_little_memory(connection):
    """Python's driver says so by an error that is none of its own, and SQLite rolls all back."""
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    raise MemoryError


def no_room(connection):
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    raise sqlite3.OperationalError("database or disk is full")


def a_row_that_is_there(_connection):
    raise sqlite3.IntegrityError("UNIQUE constraint failed")


def an_end_of_the_process(_connection):
    raise SystemExit(1)


class Faulty:
    """The driver's connection, of which some statements fail before or after they are done."""

    def __init__(self, connection, plan):
        self._connection, self._plan = connection, plan

    def execute(self, statement, *values):
        self._plan["done"] += 1
        fails = self._plan["done"] in self._plan["fails"]
        if fails and not self._plan["is_late"]:
            self._plan["how"](self._connection)
        result = self._connection.execute(statement, *values)
        if fails and self._plan["is_late"]:
            self._plan["how"](self._connection)
        return result

    def __getattr__(self, name):
        return getattr(self._connection, name)


@pytest.fixture
def plan():
    """Which statements of a trial fail, and how."""
    return {"done": 0, "fails": (), "is_late": False, "how": None}


@pytest.fixture
def line(tmp_path, plan, monkeypatch):
    made = sa.create_engine(f"sqlite:///{tmp_path / 'rows.db'}", module=sqlite3)
    prepare_engine(made)
    with made.begin() as connection:
        for table in TABLES:
            connection.exec_driver_sql(f"CREATE TABLE {table} (name TEXT PRIMARY KEY)")
    monkeypatch.setattr(
        kept, "Driver", lambda opened, dialect: Driver(Faulty(opened, plan), dialect)
    )
    yield SharedCommits(made)
    made.dispose()


def write_together(line, pool, trial):
    """Let each write its name, all while the first has its turn; return who was answered."""
    begun = threading.Event()

    def write(name):
        def work(driver):
            begun.set()
            deadline = time.monotonic() + 30
            while name.endswith(" 0") and line.in_line < TOGETHER - 1:
                assert time.monotonic() < deadline, "the others are not in the line"
                time.sleep(0.0002)
            for table in TABLES:
                driver.exec_driver_sql(f"INSERT INTO {table} VALUES (?)", (name,))  # noqa: S608

        try:
            line.run(work)
        except BaseException:  # noqa: BLE001
            return None
        finally:
            begun.set()
        return name

    running = [pool.submit(write, f"{trial} 0")]
    assert begun.wait(30)
    running += [pool.submit(write, f"{trial} {number}") for number in range(1, TOGETHER)]
    assert not wait(running, 30).not_done, "somebody is never told"
    return {future.result() for future in running} - {None}


@pytest.mark.parametrize("is_late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "how", [too_little_memory, no_room, a_row_that_is_there, an_end_of_the_process]
)
def test_whoever_was_answered_is_there_and_nobody_by_halves(line, plan, how, is_late):
    with ThreadPoolExecutor(TOGETHER) as pool:
        told = write_together(line, pool, "good")
        assert len(told) == TOGETHER
        statements = plan["done"]
        for first in range(1, statements + 1):
            for count in (1, 2):
                plan.update(done=0, fails=range(first, first + count), is_late=is_late, how=how)
                told |= write_together(line, pool, f"{first}/{count}")
        plan["fails"] = ()
        told |= write_together(line, pool, "later")

    with line._engine.connect() as connection:
        there, also = (set(connection.scalars(sa.text(f"SELECT name FROM {t}"))) for t in TABLES)  # noqa: S608
    assert told <= there
    assert there == also
    assert {f"later {number}" for number in range(TOGETHER)} <= told
