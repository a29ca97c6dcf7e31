"""What PostgreSQL's write-ahead log keeps of an erasure, and how it goes (docs/retention.md)."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from consent_server.db import db
from consent_server.erasing.traces import compact
from tests.builders import acceptance
from tests.databases import migrated_template
from tests.machine import cluster, postgresql

DOCS = Path(__file__).parents[2] / "docs" / "retention.md"
ONCE = ("SELECT pg_switch_wal()", "CHECKPOINT")


@pytest.fixture(params=["on", "off"])
def recycle(request):
    """Whether PostgreSQL uses the files of old segments again."""
    return request.param


@pytest.fixture
def own_cluster(recycle):
    """A server whose log is written by nobody else."""
    running = cluster.start(postgresql.find(), {**cluster.SETTINGS, "wal_recycle": recycle})
    yield running
    running.stop()


@pytest.fixture
def database_url(own_cluster):
    migrated_template(own_cluster.url())
    return own_cluster.url()


@pytest.fixture
def run(app):
    """Run statements, each by itself; gives the rows of the last."""

    def run(*statements):
        with app.app_context():
            alone = {"isolation_level": "AUTOCOMMIT"}
            with db.engine.connect().execution_options(**alone) as connection:
                for statement in statements:
                    done = connection.execute(sa.text(statement))
                return done.fetchall() if done.returns_rows else []

    return run


@pytest.fixture
def found(own_cluster):
    """Whether bytes are in any file of the server."""

    def found(wanted):
        files = (path for path in own_cluster.folder.rglob("*") if path.is_file())
        return any(wanted in path.read_bytes() for path in files)

    return found


def documented():
    """The statement of the documentation that tells which to run."""
    [text] = re.findall(r"```sql\n(.*?)\\gexec\n```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    return text


def test_what_was_erased_is_gone_from_the_log_as_documented(
    app, decide, seal, erase, rows, run, found, subject, recycle
):
    decide(acceptance())
    seal()
    [keys] = rows("log_opening_keys")
    secrets = [keys["record_id"].encode(), subject().encode(), bytes(keys["decision_key"])]
    erase()
    with app.app_context():
        compact()
    run("CHECKPOINT")
    compacted = [found(secret) for secret in secrets]

    run(*ONCE)
    is_renamed = [found(secret) for secret in secrets]
    run(*(row[0] for row in run(documented())))

    assert compacted == [True, True, True], "the control: the log is not the tables"
    assert is_renamed == [recycle == "on"] * 3
    assert [found(secret) for secret in secrets] == [False, False, False]
