"""What a process of the service does not load: each megabyte is there once for every worker."""

import os
import subprocess
import sys

import pytest

DIALECT = "sqlalchemy.dialects.postgresql"
#: What other databases, other commands (a document is read when it is published), whoever reads a
#: receipt, and the tools of developers need.
LATE = (
    "alembic",
    "babel",
    "consent_server.sites.document",
    "flask_migrate",
    "playwright",
    "psycopg",
    "pyarrow",
    DIALECT,
)
SERVED = f"""
import os, sys
from consent_server.config import load_settings
from consent_server.hosted import build

app = build(load_settings(os.environ))
assert app.test_client().get("/readyz").status_code == 200
print(*[name for name in {LATE} if name in sys.modules])
"""


@pytest.fixture
def loaded(tmp_path):
    """What of all that a service has loaded after its first request."""

    def loaded(database_url):
        environment = {"DATABASE_URL": database_url, "CONSENT_DATA_DIR": str(tmp_path / "var")}
        done = subprocess.run(
            [sys.executable, "-c", SERVED],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    return loaded


def test_a_service_on_sqlite_loads_nothing_of_it(sqlite_url, loaded):
    assert loaded(sqlite_url) == []


def test_a_service_on_postgresql_loads_what_speaks_to_it_alone(postgresql_url, loaded):
    assert set(loaded(postgresql_url)) == {"psycopg", DIALECT}
