"""Several threads, one commit: what SQLite writes to the disk for one decision it writes for eight.

SQLite has one writer at a time. Whoever has its turn writes into the transaction that is open, and
leaves the commit to the next one in the line; the last one commits, and all of them go on. So no
thread waits for the disk more than twice, and none is answered before its rows are there for good.
"""

import math
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy.engine import Engine

from consent_server.driver import Driver, as_of_engine
from consent_server.kept import KeptConnection
from consent_server.sqlite import sqlite3

Result = TypeVar("Result")
#: Seconds that a writer waits, for its turn and for others who write to the file; as in ``db``.
PATIENCE = 5.0
#: A wait that nobody notices.
SHORT = 0.5
#: Seconds after a wait in vain for which others wait shortly. Later the file may long be free, and
#: what keeps the line waiting is work of this process, which ends.
COUNTS = 10.0


class _Transaction:
    """What several threads write, each in its turn, until one of them commits."""

    def __init__(self, connection: KeptConnection, patience: float):
        """:param patience: seconds to wait for others who write to the file"""
        self._connection = connection
        self._taken = connection.take()
        self._driver = self._taken.driver
        self._is_hurried = patience < PATIENCE - SHORT
        #: Held until it is committed, or lost.
        self._going_on = threading.Lock()
        self._going_on.acquire()
        self._has_rows = False
        self._is_kept = False
        #: Why all of it is lost, what others had written in it too.
        self.problem: BaseException | None = None
        try:
            if self._is_hurried:
                self._wait_at_most(patience)
            self._driver.exec_driver_sql("BEGIN IMMEDIATE")
        except BaseException:
            connection.give_back(self._taken, is_sound=False)
            raise

    def add(self, work: Callable[[Driver], Result]) -> Result:
        """Do one thread's work; if it fails, what it has written so far is undone."""
        if self._has_rows:
            self._mark()
        try:
            result = work(self._driver)
        except BaseException as error:
            self._undo(error)
            raise
        self._has_rows = True
        return result

    def _mark(self) -> None:
        try:
            self._driver.exec_driver_sql("SAVEPOINT mine")
        except BaseException as error:
            self.problem = error
            raise

    def _undo(self, cause: BaseException) -> None:
        try:
            if not self._has_rows:
                raise sqlite3.OperationalError("nothing of anybody else is in it")
            self._driver.exec_driver_sql("ROLLBACK TO mine")
        except BaseException as error:
            # A full disk, say, or too little memory has ended the whole transaction; or a part of
            # what was to be undone is still in it. The next one's mark would begin another, whose
            # commit says nothing of those before.
            self.problem = cause if isinstance(cause, sqlite3.Error) else error
            if not isinstance(error, sqlite3.Error):
                raise

    def end(self) -> None:
        """Commit for all of them, and let them go on, whatever happens."""
        try:
            try:
                self._commit()
            finally:
                with suppress(sqlite3.Error):
                    self._connection.give_back(self._taken, is_sound=self._is_kept)
        finally:
            self._going_on.release()

    def _commit(self) -> None:
        try:
            if self.problem is None:
                self._driver.exec_driver_sql("COMMIT")
                self._connection.require_in_place(self._taken.file)
                self._is_kept = True
                if self._is_hurried:
                    self._wait_at_most(PATIENCE)
        except sqlite3.Error as error:
            self.problem = error

    def _wait_at_most(self, seconds: float) -> None:
        self._driver.exec_driver_sql(f"PRAGMA busy_timeout = {max(0, int(seconds * 1000))}")

    def wait(self) -> None:
        """Return when it is committed.

        :raises sqlite3.Error: it is not; whether it will be there is unknown
        """
        with self._going_on:
            pass
        if not self._is_kept:
            # In the words of what failed: where it was room, who waits may know what to do.
            words = str(self.problem or "") or "not committed"
            raise sqlite3.OperationalError(words) from self.problem


class SharedCommits:
    """The line of one database's writers."""

    def __init__(self, engine: Engine):
        self._engine = weakref.proxy(engine)
        self._connection = KeptConnection(engine)
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        #: Threads that wait for their turn.
        self.in_line = 0
        #: How many had one.
        self.turns = 0
        self._open: _Transaction | None = None
        #: When somebody last waited in vain for a file that somebody else holds. Whoever comes soon
        #: waits shortly: else all threads would, and none would answer what is only read.
        self._locked_at = -math.inf

    def run(self, work: Callable[[Driver], Result]) -> Result:
        """Do some work in a transaction, and return what it returned when that is committed.

        :param work: reads and writes, waits for nobody
        :raises sqlalchemy.exc.DBAPIError: it is not committed, or whether it is is unknown
        """
        with self._of_engine():
            with self._my_turn() as patience:
                transaction = self._taken_over() or self._begun(patience)
                try:
                    result = transaction.add(work)
                finally:
                    if transaction.problem is not None or not self._is_left(transaction):
                        transaction.end()
            transaction.wait()
        return result

    def _begun(self, patience: float) -> _Transaction:
        try:
            begun = _Transaction(self._connection, patience)
        except sqlite3.OperationalError as error:
            if "readonly" in str(error):
                # What was opened where nothing could be written stays so, and all that is opened
                # beside it: by the next one all are opened anew, and the disk may take it by then.
                self._engine.dispose()
            else:
                self._locked_at = time.monotonic()
            raise
        self._locked_at = -math.inf
        return begun

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have the turn for a transaction on a connection of one's own, which ends with the block.

        SQLite has whoever finds it locked sleep and try again, and forgets who came first: those
        who share a line would take the lock from those who do not, or never get it.

        :raises sqlalchemy.exc.DBAPIError: it did not come in time
        """
        with self._of_engine(), self._my_turn():
            left = self._taken_over()
            if left is not None:
                left.end()
            file = self._connection.file
            try:
                yield
            except BaseException:
                self._connection.is_in_place(file)  # the next one may find it
                raise
            self._connection.require_in_place(file)
            self._locked_at = -math.inf

    @contextmanager
    def _of_engine(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise as_of_engine(error, self._engine.dialect) from error

    def _taken_over(self) -> _Transaction | None:
        """Return what the one before has left, which is now for this thread to end."""
        with self._counting:
            found, self._open = self._open, None
        return found

    def _is_left(self, transaction: _Transaction) -> bool:
        """Leave a transaction to the next in the line, if there is one."""
        with self._counting:
            if self.in_line:
                self._open = transaction
            return self.in_line > 0

    @contextmanager
    def _my_turn(self) -> Iterator[float]:
        """Wait for the turn; yields how many seconds of patience are left.

        Everybody's patience begins when they join the line: those who wait for the same lock of the
        file give up together, and not one after another.
        """
        joined = time.monotonic()
        patience = SHORT if joined - self._locked_at < COUNTS else PATIENCE
        deadline = joined + patience
        with self._counting:
            self.in_line += 1
        has_turn = False
        try:
            has_turn = self._turn.acquire(timeout=patience)
        finally:
            self._leave_the_line(has_turn)
        if not has_turn:
            self._locked_at = time.monotonic()
            raise sqlite3.OperationalError("database is locked")
        try:
            yield deadline - time.monotonic()
        finally:
            self._turn.release()

    def _leave_the_line(self, has_turn: bool) -> None:
        with self._counting:
            self.in_line -= 1
            self.turns += has_turn
            # The one before may have counted on this thread, and nobody comes after it.
            is_last = not has_turn and not self.in_line
            left, self._open = (self._open, None) if is_last else (None, self._open)
        if left is not None:
            left.end()


_lines: WeakKeyDictionary[Engine, SharedCommits] = WeakKeyDictionary()
_making = threading.Lock()


def turn_to_write(engine: Engine) -> AbstractContextManager[None]:
    """Wait for the turn to write on a connection of one's own; PostgreSQL has many writers."""
    return shared_commits(engine).alone() if engine.dialect.name == "sqlite" else nullcontext()


def shared_commits(engine: Engine) -> SharedCommits:
    """Return the line of the writers of this process to a database."""
    found = _lines.get(engine)
    if found is None:
        with _making:
            found = _lines.setdefault(engine, SharedCommits(engine))
    return found
