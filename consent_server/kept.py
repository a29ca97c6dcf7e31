"""The connection to SQLite on which all decisions are written, one transaction after the other."""

import weakref
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from consent_server.disk import File, file_at
from consent_server.driver import Driver
from consent_server.sqlite import sqlite3


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection that was opened by a pool, and is closed with it."""

    driver: Driver
    pool: Pool
    file: File | None


class KeptConnection:
    """One connection beside the pool, whose care for each use costs as much as a statement."""

    def __init__(self, engine: Engine):
        self._engine = weakref.proxy(engine)
        #: One, unless it is in use; a second where a late end and a new beginning met.
        self._idle: list[Opened] = []
        self._path = engine.url.database or ""
        #: What had the name when the newest connection was opened; None where nothing has.
        self.file: File | None = None
        event.listen(engine, "do_connect", self._make_no_other)
        event.listen(engine, "connect", self._note_file)
        event.listen(engine, "engine_disposed", self._close)

    def take(self) -> Opened:
        """Return it, for one transaction; opened where it is not there."""
        with suppress(IndexError):
            return self._idle.pop()
        pool, file = self._engine.pool, self.file
        pooled: Any = self._engine.raw_connection()
        opened = Driver(pooled.driver_connection, self._engine.dialect)
        pooled.detach()
        # As it was before: whoever opens one meanwhile may find another file, and this one is old.
        return Opened(opened, pool, file or self.file)

    def give_back(self, opened: Opened, *, is_sound: bool) -> None:
        """Keep it for the next transaction, or roll it back and close it."""
        if is_sound and not self._idle and opened.pool is self._engine.pool:
            self._idle.append(opened)
            return
        _end(opened.driver.connection)
        if not is_sound:
            self.is_in_place(opened.file)

    def is_in_place(self, file: File | None) -> bool:
        """Whether what was written to a file is in the one that has the name now.

        SQLite goes on writing to one that was removed, or has lost its name to another one, where
        nobody finds it. Then all connections are opened anew, those that read as well.
        """
        if file is None or file == file_at(self._path):
            return True
        if file == self.file:
            self._engine.dispose()
        return False

    def require_in_place(self, file: File | None) -> None:
        """Refuse to acknowledge what is not there.

        :raises sqlite3.OperationalError: see :meth:`is_in_place`
        """
        if not self.is_in_place(file):
            raise sqlite3.OperationalError("the file was removed or replaced")

    def _make_no_other(self, *_given: object) -> None:
        """Let SQLite make no empty file in the place of one that was removed."""
        if self.file is not None and file_at(self._path) is None:
            raise sqlite3.OperationalError("unable to open database file")

    def _note_file(self, _connection: object, _record: object) -> None:
        before, self.file = self.file, file_at(self._path)
        if before not in (None, self.file):
            self._engine.dispose()  # whoever reads on the others does not see what is written here

    def _close(self, _engine: Engine) -> None:
        with suppress(IndexError):
            while True:
                _end(self._idle.pop().driver.connection)


def _end(connection: Any) -> None:
    """Close a connection, and with it what is open on it.

    Closed alone, it would keep its locks as long as somebody holds a result that was not read to
    its end: Python's own driver leaves that to the garbage.
    """
    try:
        if connection.in_transaction:
            connection.rollback()
    finally:
        connection.close()
