"""Thousands of requests in this process: none of them is told of."""

import shutil
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
import structlog

from consent_server.tokens import KeyRing
from tests.application import NOW
from tests.fuzz.filled import filled


def _drop(*_: object) -> None:
    raise structlog.DropEvent


@pytest.fixture(autouse=True)
def silent():
    """The service's log goes nowhere."""
    processors = structlog.get_config()["processors"]
    structlog.configure(processors=[_drop])
    yield
    structlog.configure(processors=processors)


@dataclass
class Numbers:
    """Stands in for random record ids: the same on both databases."""

    number: int = 0

    def __call__(self) -> str:
        """Return an id that nobody had before; as there is one decision a trial, it is enough."""
        self.number += 1
        return f"{self.number:022d}"


@pytest.fixture
def numbers(monkeypatch):
    """The ids of the records to come."""
    made = Numbers()
    monkeypatch.setattr("consent_server.consents.records.new_record_id", made)
    return made


@pytest.fixture
def services(sqlite_url, postgresql_url, tmp_path, clock, numbers):
    """The same service on both databases: key ring, records and tokens are the same."""
    KeyRing.open(tmp_path / "ring", NOW)
    with ExitStack() as stack:
        made = []
        for url, name in [(sqlite_url, "sqlite"), (postgresql_url, "postgresql")]:
            shutil.copytree(tmp_path / "ring", tmp_path / name)
            numbers.number = 0
            made.append(stack.enter_context(filled(url, tmp_path / name, NOW)))
        assert made[0].token == made[1].token
        yield made
