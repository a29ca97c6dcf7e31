"""The pace of work that nobody waits for."""

import time
from typing import Self

from consent_server.db import db

#: Seconds: longer than SQLite lets a writer sleep that found the database locked.
SHORTEST = 0.11


class Rest:
    """Rests as long as was worked since the last rest: half of the time is for others."""

    def __init__(self, shortest: float):
        """:param shortest: seconds"""
        self._shortest = shortest
        self._since = time.monotonic()

    @classmethod
    def between_batches(cls) -> Self:
        """Return what suits the database: PostgreSQL's writers sleep for nobody."""
        return cls(SHORTEST if db.engine.dialect.name == "sqlite" else 0.0)

    def __call__(self) -> None:
        """Rest."""
        time.sleep(max(self._shortest, time.monotonic() - self._since))
        self._since = time.monotonic()
