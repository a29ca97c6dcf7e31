"""Threads that wait for the one writer of SQLite share its commit, and nothing else."""

import gc
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from consent_server import committing
from consent_server.committing import SharedCommits
from consent_server.db import db, prepare_engine, writing
from consent_server.kept import KeptConnection
from consent_server.sqlite import sqlite3

TABLES = (
    "CREATE TABLE parents (name TEXT PRIMARY KEY)",
    "CREATE TABLE rows (name TEXT PRIMARY KEY, parent TEXT REFERENCES parents "
    "DEFERRABLE INITIALLY DEFERRED)",
)
ONE = "INSERT INTO rows VALUES (?, ?)"


@pytest.fixture
def sent():
    """The statements that went to the database, in their order."""
    return []


@pytest.fixture
def engine(tmp_path, sent):
    made = sa.create_engine(
        f"sqlite:///{tmp_path / 'rows.db'}", module=sqlite3, connect_args={"timeout": 5}
    )
    prepare_engine(made)
    with made.begin() as connection:
        for table in TABLES:
            connection.exec_driver_sql(table)
    event.listen(made, "connect", lambda opened, _: opened.set_trace_callback(sent.append))
    made.dispose()
    yield made
    made.dispose()


@pytest.fixture
def write_together(engine):
    """A function: do some work each on a thread of its own, all while the first has its turn."""
    line = SharedCommits(engine)

    def write_together(*works):
        def first(driver):
            deadline = time.monotonic() + 30
            while line.in_line < len(works) - 1:
                assert time.monotonic() < deadline, "the others are not in the line"
                time.sleep(0.001)
            return works[0](driver)

        begun = threading.Event()

        def begin(driver):
            begun.set()
            return first(driver)

        with ThreadPoolExecutor(len(works)) as pool:
            running = [pool.submit(line.run, begin)]
            assert begun.wait(30)
            running += [pool.submit(line.run, work) for work in works[1:]]
            return [future.exception(30) for future in running]

    return write_together


def a_row(name, parent=None):
    return lambda driver: driver.exec_driver_sql(ONE, (name, parent))


def names(engine):
    with engine.connect() as connection:
        return set(connection.scalars(sa.text("SELECT name FROM rows")))


@pytest.fixture
def database_url(sqlite_url):
    return sqlite_url


def test_those_who_wait_are_written_by_one_commit(engine, write_together, sent):
    problems = write_together(a_row("a"), a_row("b"), a_row("c"))

    assert problems == [None] * 3
    assert [sent.count(statement) for statement in ("BEGIN IMMEDIATE", "COMMIT")] == [1, 1]
    assert names(engine) == {"a", "b", "c"}


@pytest.mark.parametrize("at", [0, 1, 2])
def test_what_one_of_them_cannot_write_is_undone_alone(engine, write_together, at):
    def fails(driver):
        a_row("half")(driver)
        a_row("half")(driver)

    works = [a_row("a"), a_row("b")]
    works.insert(at, fails)

    problems = write_together(*works)

    assert isinstance(problems.pop(at), sa.exc.IntegrityError)
    assert problems == [None, None]
    assert names(engine) == {"a", "b"}


def test_a_commit_that_fails_is_told_to_each_of_them_and_the_next_one_goes_on(
    engine, write_together
):
    problems = write_together(a_row("a"), a_row("b", parent="nobody"), a_row("c"))

    assert [isinstance(problem, sa.exc.DBAPIError) for problem in problems] == [True] * 3
    assert names(engine) == set()
    assert write_together(a_row("d")) == [None]
    assert names(engine) == {"d"}


def test_a_transaction_that_ends_by_itself_is_lost_for_all_who_were_in_it(engine, write_together):
    came = []

    def ends_it(driver):
        came.append("x")
        driver.exec_driver_sql("ROLLBACK", ())
        a_row("x", parent="nobody")(driver)

    def comes_too(driver):
        came.append("c")
        a_row("c")(driver)

    *lost, of_c = write_together(a_row("a"), ends_it, comes_too)

    # Which of the two that wait has the first turn is for the machine to say.
    is_lost = came == ["c", "x"]
    assert [isinstance(problem, sa.exc.DBAPIError) for problem in (*lost, of_c)] == [
        *(True, True),
        is_lost,
    ]
    assert names(engine) == (set() if is_lost else {"c"})


def test_a_disk_that_is_full_for_one_is_told_in_these_words_to_all(engine, write_together):
    """Whoever says no is heard again where room was kept for it, and only then."""

    def fills_it(driver):
        driver.exec_driver_sql("PRAGMA max_page_count = 1", ()).fetchall()
        a_row("x" * 1_000_000)(driver)

    problems = write_together(a_row("a"), fills_it)

    assert [str(problem.orig) for problem in problems] == ["database or disk is full"] * 2
    assert names(engine) == set()


def test_whoever_waits_goes_on_when_the_end_fails_in_a_way_that_nobody_foresaw(engine, monkeypatch):
    connection = KeptConnection(engine)
    transaction = committing._Transaction(connection, committing.PATIENCE)
    transaction.add(a_row("a"))
    give_back = connection.give_back

    def fail(*given, **named):
        give_back(*given, **named)
        raise MemoryError

    monkeypatch.setattr(connection, "give_back", fail)
    with pytest.raises(MemoryError):
        transaction.end()

    assert transaction._going_on.acquire(timeout=0)
    assert names(engine) == {"a"}


def test_those_who_wait_for_a_lock_of_the_file_give_up_together(engine, monkeypatch):
    monkeypatch.setattr(committing, "PATIENCE", 0.4)
    monkeypatch.setattr(committing, "SHORT", 0.0)
    line = SharedCommits(engine)
    waited = []
    poll = committing._Transaction._wait_at_most
    monkeypatch.setattr(
        committing._Transaction,
        "_wait_at_most",
        lambda self, seconds: waited.append(seconds) or poll(self, seconds),
    )
    other = sqlite3.connect(engine.url.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(line.run, a_row(name)) for name in "abcd"]
        problems = [future.exception(30) for future in running]
    other.close()

    assert [isinstance(problem, sa.exc.OperationalError) for problem in problems] == [True] * 4
    assert line.in_line == 0
    assert all(seconds <= 0.4 for seconds in waited)
    monkeypatch.setattr(committing, "PATIENCE", 5.0)
    line.run(a_row("later"))
    assert names(engine) == {"later"}


def test_a_commit_that_was_left_to_one_who_gave_up_is_made_by_them(engine):
    """The one before has counted on a thread whose patience ends at this moment."""
    line = SharedCommits(engine)
    line.in_line = 1  # counted, and not there yet
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(line.run, a_row("a"))
        deadline = time.monotonic() + 30
        while line._open is None:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        is_kept_before = first.done()
        line._leave_the_line(has_turn=False)
        problem = first.exception(30)

    assert (is_kept_before, problem) == (False, None)
    assert (line.in_line, line._open) == (0, None)
    assert names(engine) == {"a"}


def test_who_writes_alone_waits_in_the_same_line_and_commits_what_was_left_to_them(engine):
    line = SharedCommits(engine)
    seen = []

    def first(driver):
        wait_for(lambda: line.in_line == 1)
        a_row("a")(driver)

    def alone():
        with line.alone():
            seen.append(names(engine))
            others.append(pool.submit(line.run, a_row("c")))
            wait_for(lambda: line.in_line == 1)
            with engine.connect() as connection:
                connection.exec_driver_sql(ONE, ("b", None))
                connection.commit()

    others = []
    with ThreadPoolExecutor(3) as pool:
        running = pool.submit(line.run, first)
        wait_for(line._turn.locked)
        problems = [future.exception(30) for future in (pool.submit(alone), running, *others)]
        problems += [future.exception(30) for future in others]

    assert problems == [None] * 3
    assert seen == [{"a"}]
    assert names(engine) == {"a", "b", "c"}


def test_whoever_writes_below_the_mapper_or_with_it_waits_in_one_line(app):
    """SQLite itself has them sleep and try again, and those who do not share lose every time."""
    with app.app_context(), ThreadPoolExecutor(1) as pool:
        line = committing.shared_commits(db.engine)
        with writing():
            other = pool.submit(line.run, lambda driver: None)
            wait_for(lambda: line.in_line == 1)
            db.session.rollback()
        assert other.exception(30) is None


def wait_for(condition):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.001)


def test_an_engine_that_nobody_uses_is_forgotten(tmp_path):
    made = sa.create_engine(f"sqlite:///{tmp_path / 'gone.db'}")
    committing.shared_commits(made)
    there = len(committing._lines)
    del made
    gc.collect()

    assert len(committing._lines) < there


def test_after_a_wait_in_vain_others_wait_shortly_until_the_file_is_free(engine, monkeypatch):
    """Somebody else holds it: all threads that waited for it would answer nobody."""
    monkeypatch.setattr(committing, "PATIENCE", 0.2)
    monkeypatch.setattr(committing, "SHORT", 0.0)
    line = SharedCommits(engine)
    holder = engine.raw_connection()
    holder.driver_connection.execute("BEGIN EXCLUSIVE")
    waits = []
    begun = committing._Transaction.__init__

    def note(self, connection, patience):
        waits.append(patience)
        begun(self, connection, patience)

    monkeypatch.setattr(committing._Transaction, "__init__", note)
    for _ in range(2):
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            line.run(lambda driver: None)
    holder.driver_connection.execute("ROLLBACK")
    holder.close()
    line.run(lambda driver: None)
    line.run(lambda driver: None)

    assert [wait > 0 for wait in waits] == [True, False, False, True]


@pytest.mark.parametrize(("seconds", "is_refused"), [(0, True), (committing.COUNTS, False)])
def test_a_wait_in_vain_counts_for_a_while(engine, monkeypatch, seconds, is_refused):
    """Long after it, a decision during a purge of this process waits for the purge."""
    line = SharedCommits(engine)
    holder = engine.raw_connection()
    holder.driver_connection.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr(committing, "SHORT", 0.0)
    with monkeypatch.context() as hasty:
        hasty.setattr(committing, "PATIENCE", 0.1)
        with pytest.raises(sa.exc.OperationalError, match="locked"):
            line.run(lambda driver: None)
    holder.driver_connection.execute("ROLLBACK")
    holder.close()
    monkeypatch.setattr(committing, "PATIENCE", 30.0)
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + seconds)
    monkeypatch.setattr(committing, "time", later)

    with ThreadPoolExecutor(1) as pool:
        with line.alone():
            decision = pool.submit(line.run, a_row("a"))
            wait_for(decision.done if is_refused else lambda: line.in_line == 1 or decision.done())
        problem = decision.exception(30)

    assert (problem is not None) == is_refused


def test_one_connection_writes_all_of_them_until_the_pool_is_closed(engine):
    opened = []
    event.listen(engine, "connect", lambda connection, _: opened.append(connection))
    line = SharedCommits(engine)
    for name in "ab":
        line.run(a_row(name))
    count_before, in_pool = len(opened), engine.pool.checkedout()
    engine.dispose()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("SELECT 1")
    line.run(a_row("c"))

    assert (count_before, in_pool, len(opened)) == (1, 0, 2)
    assert names(engine) == {"a", "b", "c"}


def test_a_late_end_and_a_new_beginning_have_a_connection_each(engine):
    """Whoever gave up commits what was left to them while the next one has begun."""
    connection = KeptConnection(engine)
    late = committing._Transaction(connection, committing.PATIENCE)
    other = connection.take()
    late.add(a_row("a"))
    late.end()
    connection.give_back(other, is_sound=True)

    assert names(engine) == {"a"}
    assert connection.take() is not other
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        other.driver.exec_driver_sql("SELECT 1")
