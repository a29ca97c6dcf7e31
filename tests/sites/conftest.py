"""What a process remembers, by a clock of the test; and changes that another process makes."""

import pytest

from consent_server.db import db
from consent_server.sites import remembered
from consent_server.sites.remembered import memory, remember_by


class Stopwatch:
    """A monotonic clock that only the test moves."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def stopwatch(app, monkeypatch):
    """The service remembers, as it does when it serves, and goes by this clock."""
    monkeypatch.setattr(remembered, "FRESH_SECONDS", 0.9)
    clock = Stopwatch()
    with app.app_context():
        remember_by(clock)
    return clock


@pytest.fixture
def elsewhere(app):
    """A context in which changes are those of another process: nothing is forgotten here."""

    class Elsewhere:
        def __enter__(self):
            self.context = app.app_context()
            self.context.__enter__()
            self.engine = db.engine
            self.here = memory()
            remember_by(lambda: 0.0)

        def __exit__(self, *raised):
            remembered._memories[self.engine] = self.here
            self.context.__exit__(*raised)

    return Elsewhere()
