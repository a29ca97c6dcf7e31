"""The site ``demo`` on PostgreSQL, with something between that can be slow."""

import pytest

from tests.fault.durability.cutting import in_between
from tests.server import SERVE, start


@pytest.fixture
def between(environment, publish):
    """The site ``demo`` is published; the service goes to its database by way of this."""
    publish("demo")
    with in_between(environment) as made:
        yield made


@pytest.fixture
def serving(environment, between, tmp_path):
    """Start the service, in one process of four threads."""
    running = []

    def serving(program=SERVE):
        few = {"CONSENT_WORKERS": "1", "CONSENT_THREADS": "4", "CONSENT_MERGE_DELAY": "600"}
        running.append(start({**environment, **few}, tmp_path, program))
        return running[0]

    yield serving
    between.slow_down(0)
    for each in running:
        each.stop()
