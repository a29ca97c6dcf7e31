"""Services to be ill-treated, without a site: how they are served is what is tested."""

import shutil

import pytest

from tests.server import SERVE, start

#: A service that is changed before it is served.
CHANGED = """
from consent_server import serving
from consent_server.cli import main
from consent_server.worker import client, deadline
{}
main(["serve"])
"""
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def serve(sqlite_template, tmp_path):
    """Start a service, changed by a line of Python if need be; four threads."""
    started = []

    def serve(change=None, folder=None, listener=None, **settings):
        folder = tmp_path / (folder or str(len(started)))
        if not folder.exists():
            shutil.copytree(sqlite_template.parent, folder)
        environment = {
            "DATABASE_URL": f"sqlite:///{folder / 'consent.db'}",
            "CONSENT_DATA_DIR": str(folder / "data"),
            "CONSENT_THREADS": "4",
            "CONSENT_METRICS_TOKEN": TOKEN,
            **settings,
        }
        program = ("-c", CHANGED.format(change)) if change else SERVE
        started.append(start(environment, folder, program, listener))
        return started[-1]

    yield serve
    for server in started:
        server.stop()
