"""A key ring of its own for every test, and a clock that only the test moves."""

import pytest

from consent_server.tokens import KeyRing
from tests.tokens.samples import NOW


class Stopwatch:
    """A monotonic clock that stands still."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def stopwatch():
    return Stopwatch()


@pytest.fixture
def ring(tmp_path, stopwatch):
    return KeyRing.open(tmp_path / "data", NOW, stopwatch)


@pytest.fixture
def other_process(tmp_path, ring):
    """The same ring, as another process would hold it."""
    return KeyRing.open(tmp_path / "data", NOW, Stopwatch())
