"""JSON log lines on standard error: event, time, level, and nothing about a visitor."""

import json
import logging
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

import structlog

from consent_server.errors import ConsentError

#: Errors whose words are our own, or about the machine. Those of others may quote what was
#: recorded: PostgreSQL names the row that is there already, a dictionary the key that is not.
SPOKEN = (ConsentError, OSError, ImportError, RuntimeError)
#: Logger of the lines of requests.
_ACCESS = "consent_server.access"


def configure(level: str) -> None:
    """Send every log line of the process, libraries included, through one JSON renderer.

    :param level: debug, info, warning or error
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.ExceptionRenderer(_told),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


def _told(exc_info: Any) -> str:
    """Return the ways of an error and of what it came from, that one first."""
    ways: list[str] = []
    error: BaseException | None = exc_info[1]
    told: set[int] = set()
    while error is not None and id(error) not in told:  # one may be raised from itself
        told.add(id(error))
        kind = f"{type(error).__module__}.{type(error).__qualname__}"
        words = f": {error}" if isinstance(error, SPOKEN) else ""
        way = ["Traceback (most recent call last):\n", *traceback.format_tb(error.__traceback__)]
        ways.append("".join([*way, kind, words]))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\n".join(reversed(ways))


class _Handler(logging.StreamHandler[TextIO]):
    """Writes all lines to standard error."""

    def write(self, line: str) -> None:
        """Write a line that is rendered already; what cannot be written holds nothing up."""
        with suppress(OSError, ValueError):
            self.acquire()
            try:
                self.stream.write(line + self.terminator)
                self.stream.flush()
            finally:
                self.release()


def request(request_id: str, method: str, route: str | None, status: int, ms: float) -> None:
    """Log a request as structlog does and to the byte, for a twentieth of it: each one has a line.

    Before :func:`configure` there is no renderer of ours, and structlog does it.

    :param request_id: letters and digits, of our own
    :param method: one of few, as the route: their part of the line is remembered
    :param ms: milliseconds, finite
    """
    handlers = logging.root.handlers
    if len(handlers) != 1 or not isinstance(handlers[0], _Handler):
        values = {"request_id": request_id, "method": method, "route": route}
        structlog.get_logger(_ACCESS).info("request", **values, status=status, ms=ms)
    elif logging.getLogger(_ACCESS).isEnabledFor(logging.INFO):
        stamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        handlers[0].write(
            f'{{"request_id": "{request_id}", {_described(method, route, status)}, "ms": {ms}, '
            f'"event": "request", "level": "info", "logger": "{_ACCESS}", "timestamp": "{stamp}"}}'
        )


@lru_cache(maxsize=1024)
def _described(method: str, route: str | None, status: int) -> str:
    return json.dumps({"method": method, "route": route, "status": status})[1:-1]
