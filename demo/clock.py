"""The demonstration's clock: a file with seconds to add, which the service reads as well."""

import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from consent_server.sites.durations import add_months

#: The steps that the page offers: a name, and days and months to add.
STEPS = {"P1D": (1, 0), "P6M": (0, 6), "P12M": (0, 12)}


class DemoClock:
    """Lets a year pass at a click, for the page and the service alike."""

    def __init__(self, path: Path):
        self._path = path

    def offset(self) -> int:
        """Return the seconds by which the demonstration is ahead."""
        try:
            return int(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def now(self) -> datetime:
        """Return the demonstration's instant, aware, UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset())

    def forward(self, step: str) -> None:
        """Move ahead by one of :data:`STEPS`."""
        days, months = STEPS[step]
        target = add_months(self.now() + timedelta(days=days), months)
        self._write(math.ceil((target - datetime.now(UTC)).total_seconds()))

    def back_to_now(self) -> None:
        """Return to the real time."""
        self._write(0)

    def _write(self, offset: int) -> None:
        # Replaced in one step: the service reads the file at any moment.
        written = self._path.with_suffix(".new")
        written.write_text(str(offset), encoding="ascii")
        os.replace(written, self._path)
