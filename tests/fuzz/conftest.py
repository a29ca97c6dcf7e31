"""Thousands of requests in this process: none of them is told of."""

import pytest
import structlog


def _drop(*_: object) -> None:
    raise structlog.DropEvent


@pytest.fixture(autouse=True)
def silent():
    """The service's log goes nowhere."""
    processors = structlog.get_config()["processors"]
    structlog.configure(processors=[_drop])
    yield
    structlog.configure(processors=processors)
