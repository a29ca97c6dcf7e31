"""The pace of work that nobody waits for."""

import time

#: Seconds: longer than SQLite lets a writer sleep that found the database locked.
SHORTEST = 0.11


class Rest:
    """Rests as long as was worked since the last rest: half of the time is for others."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    def __call__(self) -> None:
        """Rest."""
        time.sleep(max(SHORTEST, time.monotonic() - self._since))
        self._since = time.monotonic()
