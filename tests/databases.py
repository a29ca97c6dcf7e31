"""Databases for tests: SQLite files and a private PostgreSQL, migrated once, copied for each test.

The PostgreSQL cluster is started once per session, by the process that the person started; workers
of pytest-xdist learn its address from the environment. A machine without PostgreSQL fails the
tests that need it and says how to get it: nothing is skipped.
"""

import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.machine import cluster, postgresql

#: Set for the workers: address of the cluster with "{database}" for the name, or why there is none.
ADDRESS = "TESTS_POSTGRESQL"
PROBLEM = "TESTS_POSTGRESQL_PROBLEM"
#: Tests on PostgreSQL run as the role that owns nothing; with this set, as the one that owns the
#: tables, as where an installation has one role.
ONE_ROLE = "TESTS_ONE_ROLE"
ENGINES = ["sqlite", "postgresql"]


def migrated_template(url: str) -> None:
    """Bring the empty database at ``url`` to the newest schema: the one place that knows how."""
    from consent_server import schema
    from consent_server.application import create_app
    from consent_server.config import load_settings
    from consent_server.db import db

    with tempfile.TemporaryDirectory(prefix="consent-template-") as folder:
        app = create_app(load_settings({"DATABASE_URL": url, "CONSENT_DATA_DIR": folder}))
        schema.upgrade(app)
        with app.app_context():
            db.engine.dispose()  # a template with a connection left cannot be copied


def pytest_configure(config: pytest.Config) -> None:
    """Let ``kill`` clean up as Ctrl-C does: both end the session in order."""
    if not hasattr(config, "workerinput"):
        signal.signal(signal.SIGTERM, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Start the cluster before the workers, which inherit the environment of that moment."""
    _start_cluster(config)


def _start_cluster(config: pytest.Config) -> None:
    """Start the cluster of this session unless it runs; leave its address in the environment."""
    if ADDRESS in os.environ or PROBLEM in os.environ:
        return
    config.add_cleanup(_forget_cluster)
    tool = postgresql.find()
    if tool is None:
        os.environ[PROBLEM] = f"no PostgreSQL server on this machine; {postgresql.REMEDY}"
        return
    try:
        running = cluster.start(tool)
    except (OSError, RuntimeError) as failure:
        os.environ[PROBLEM] = str(failure)
        return
    config.add_cleanup(running.stop)
    os.environ[ADDRESS] = running.url("{database}")


def _forget_cluster() -> None:
    os.environ.pop(ADDRESS, None)
    os.environ.pop(PROBLEM, None)


@pytest.fixture(scope="session")
def postgresql_cluster(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """The private cluster: a function from the name of a database to its address."""
    if not hasattr(request.config, "workerinput"):
        _start_cluster(request.config)
    if PROBLEM in os.environ:
        pytest.fail(os.environ[PROBLEM], pytrace=False)
    return lambda database: os.environ[ADDRESS].format(database=database)


def administrator_of(engine: sa.Engine) -> sa.Engine:
    """Return an engine of the same database that no right and no policy keeps from anything.

    For what a test breaks past the service; on SQLite whoever has the file may do all of it.
    """
    if engine.dialect.name == "sqlite":
        return engine
    return sa.create_engine(engine.url.set(username="consent"), poolclass=sa.NullPool)


@contextmanager
def locked(engine: sa.Engine, *key: str) -> Iterator[None]:
    """Keep a lock of the service on PostgreSQL from everybody else."""
    from consent_server.db import lock_all_for_writing

    with administrator_of(engine).connect() as connection:
        lock_all_for_writing(connection, key)
        yield


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory) -> Path:
    """A migrated SQLite file that tests of this worker are copied from."""
    path = tmp_path_factory.mktemp("template") / "consent.db"
    migrated_template(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template, tmp_path) -> str:
    """Address of a fresh, migrated, empty SQLite database."""
    for part in sqlite_template.parent.glob("consent.db*"):
        shutil.copy(part, tmp_path / part.name)
    return f"sqlite:///{tmp_path / 'consent.db'}"


@pytest.fixture
def postgresql_url(two_roles) -> str:
    """Address of a fresh, migrated, empty PostgreSQL database, for the service."""
    return two_roles.owner if ONE_ROLE in os.environ else two_roles.service


@pytest.fixture
def postgresql_owner_url(two_roles) -> str:
    """Address of the same database for the owner of its tables: for what only the owner does."""
    return two_roles.owner


@pytest.fixture
def postgresql_administrator_url(two_roles) -> str:
    """Address of the same database for the cluster's superuser."""
    return two_roles.administrator


@pytest.fixture(params=ENGINES)
def database_url(request) -> str:
    """A fresh, migrated, empty database: the test runs once on each engine."""
    return request.getfixturevalue(f"{request.param}_url")


@pytest.fixture(params=ENGINES)
def unmigrated_database_url(request, tmp_path) -> Iterator[str]:
    """A database without any table, once on each engine: for tests of the migrations."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'unmigrated.db'}"
    else:
        yield from _database(request.getfixturevalue("postgresql_cluster"), "")


def _database(address: Callable[[str], str], clause: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _administer(address, f"CREATE DATABASE {name} {clause}")
    yield address(name)
    _administer(address, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(address: Callable[[str], str], statement: str) -> None:
    url = address("postgres").replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)
