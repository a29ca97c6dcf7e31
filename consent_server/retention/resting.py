"""The pace of work that nobody waits for."""

import time

import sqlalchemy as sa

from consent_server.committing import shared_commits
from consent_server.db import db

#: Seconds that SQLite's writers get between two batches at the least. Nobody tells a writer that
#: sleeps that the lock is free: it looks again after half of what it has waited, as a rule.
SHORTEST = 0.03
#: Seconds without a word of anybody after which nobody is expected.
QUIET = 2.0
#: The number of the next transaction that writes, on PostgreSQL.
NEXT_TO_WRITE = sa.text(
    "SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)"
)


class Rest:
    """Lets others write, as long as was worked since the last rest; where nobody does, no longer.

    On PostgreSQL nobody is kept waiting by a lock, and there is no rest where nobody else wrote. On
    SQLite somebody who waits for it has not written yet: so there is always a short one.
    """

    def __init__(self) -> None:
        self._since = self._heard = time.monotonic()
        self._seen: tuple[int, ...] | None = None

    def __call__(self) -> bool:
        """Rest; called once for each transaction that wrote, which is over.

        :returns: whether nobody else has written for a while
        """
        worked = time.monotonic() - self._since
        if db.engine.dialect.name == "sqlite":
            time.sleep(SHORTEST)
            worked -= SHORTEST
        if self._others_wrote():
            time.sleep(max(0.0, worked))
            self._heard = time.monotonic()
        self._since = time.monotonic()
        return self._since - self._heard >= QUIET

    def _others_wrote(self) -> bool:
        connection, before = db.session.connection(), self._seen
        if connection.dialect.name == "sqlite":
            # Changes with what is committed on other connections, and says nothing about that of
            # another one. On this one other threads may have written.
            version = int(connection.exec_driver_sql("PRAGMA data_version").scalar_one())
            turns = shared_commits(db.engine).turns
            self._seen = turns, id(connection.connection.driver_connection), version
            wrote = before is None or self._seen[1:] != before[1:] or turns > before[0] + 1
        else:
            self._seen = 0, int(connection.scalar(NEXT_TO_WRITE) or 0)
            wrote = before is None or self._seen[1] > before[1] + 1
        db.session.rollback()
        return wrote
