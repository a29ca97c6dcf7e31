"""gunicorn's own log, as JSON lines like all others."""

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]


class JsonLog(Logger):  # type: ignore[misc]  # gunicorn ships no types
    """Leaves its lines to the root logger, which the service has set up."""

    def setup(self, cfg: Any) -> None:
        """Take gunicorn's settings, and none of its handlers."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True
