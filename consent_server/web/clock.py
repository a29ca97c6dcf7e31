"""The only clock of the service."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from consent_server.web.context import this_app


def now() -> datetime:
    """Return the current instant, aware, UTC, whole milliseconds.

    In the demo, and only there, a file holds seconds to add, so that a year can pass at a click.
    """
    instant = datetime.now(UTC)
    instant = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    offset_file: Path | None = this_app().extensions["consent_settings"].demo_clock
    return instant + _offset(offset_file) if offset_file else instant


def _offset(path: Path) -> timedelta:
    try:
        return timedelta(seconds=int(path.read_text(encoding="ascii")))
    except (OSError, ValueError, OverflowError):
        return timedelta()
