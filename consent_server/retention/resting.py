"""The pace of work that nobody waits for."""

import time

import sqlalchemy as sa

from consent_server.db import db

#: Seconds that SQLite's writers get between two batches at the least. Nobody tells a writer that
#: sleeps that the lock is free: it looks again after half of what it has waited, as a rule.
SHORTEST = 0.03
#: The number of the next transaction that writes, on PostgreSQL.
NEXT_TO_WRITE = sa.text(
    "SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint)"
)


class Rest:
    """Lets others write, as long as was worked since the last rest.

    On PostgreSQL nobody is kept waiting by a lock, and there is no rest where nobody else wrote.
    """

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._next: int | None = None

    def __call__(self) -> None:
        """Rest; called once for each transaction that wrote, which is over."""
        worked = time.monotonic() - self._since
        if db.engine.dialect.name == "sqlite":
            time.sleep(max(SHORTEST, worked))
        elif self._others_wrote():
            time.sleep(worked)
        self._since = time.monotonic()

    def _others_wrote(self) -> bool:
        before, found = self._next, int(db.session.scalar(NEXT_TO_WRITE) or 0)
        db.session.rollback()
        self._next = found
        return before is None or found > before + 1
