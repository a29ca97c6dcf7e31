"""The connection to SQLite on which all decisions are written, one transaction after the other."""

import weakref
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from consent_server.driver import Driver


@dataclass(frozen=True, slots=True)
class Opened:
    """A connection that was opened by a pool, and is closed with it."""

    driver: Driver
    pool: Pool


class KeptConnection:
    """One connection beside the pool, whose care for each use costs as much as a statement."""

    def __init__(self, engine: Engine):
        self._engine = weakref.proxy(engine)
        #: One, unless it is in use; a second where a late end and a new beginning met.
        self._idle: list[Opened] = []
        event.listen(engine, "engine_disposed", self._close)

    def take(self) -> Opened:
        """Return it, for one transaction; opened where it is not there."""
        with suppress(IndexError):
            return self._idle.pop()
        pool = self._engine.pool
        pooled: Any = self._engine.raw_connection()
        opened = Driver(pooled.driver_connection, self._engine.dialect)
        pooled.detach()
        return Opened(opened, pool)

    def give_back(self, opened: Opened, *, is_sound: bool) -> None:
        """Keep it for the next transaction, or roll it back and close it."""
        if is_sound and not self._idle and opened.pool is self._engine.pool:
            self._idle.append(opened)
        else:
            _end(opened.driver.connection)

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
