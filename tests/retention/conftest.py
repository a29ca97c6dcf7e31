"""Purge, by the clock of the test."""

import pytest

from consent_server.retention import purging


@pytest.fixture
def purge(app, clock):
    """Purge at the clock's instant; gives what was erased."""

    def purge(**how):
        with app.app_context():
            return purging.purge(clock.instant, app.extensions["consent_erased"], **how)

    return purge
