"""F-08: a SQLite with the WAL-reset bug gets no write-ahead log, also where there was one before.

With either journal, another process writes and takes the log into the file all the while: what was
acknowledged is there, and the file is in order. The control takes the log whatever the version.
"""

import json
import subprocess
import sys
from contextlib import closing, contextmanager

import pytest

from consent_server.sqlite import sqlite3
from tests.fault.asking import DECISION, HEALTH, Asking
from tests.fault.installation import audited, records_in
from tests.fault.trials import Trials
from tests.server import ROOT, start

OF_A_VERSION = """
from consent_server import db
from consent_server.sqlite import sqlite3

class OfAnotherVersion:
    sqlite_version_info = {version}

    def __getattr__(self, name):
        return getattr(sqlite3, name)

db.sqlite3 = OfAnotherVersion()
{more}
from consent_server.cli import main
main(["serve"])
"""
#: Writes, and takes the log into the file, again and again. It rests in between, because SQLite
#: gives the lock to whoever asks most often, and that would be this alone.
BESIDE = """
import sys, time
from consent_server.sqlite import sqlite3
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)
print("there", flush=True)
for number in range(1, 10**9):
    time.sleep(0.05)
    try:
        connection.execute(f"PRAGMA user_version = {number % 1000}")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.OperationalError:
        pass
"""


def of_a_version(version, more=""):
    return ("-c", OF_A_VERSION.format(version=version, more=more))


def has_wal(database):
    """Whether the file says that it has a write-ahead log (bytes 18 and 19 of its header)."""
    return database.read_bytes()[18:20] == b"\x02\x02"


@contextmanager
def another_process(database):
    """Let another process write to the file all the while."""
    command = [sys.executable, "-c", BESIDE, str(database)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as beside:
        assert beside.stdout.readline() == b"there\n"
        try:
            yield
        finally:
            assert beside.poll() is None  # it was there to the end
            beside.kill()


@pytest.mark.parametrize(
    ("version", "is_logged"), [((3, 40, 1), False), ((3, 51, 2), False), ((3, 51, 3), True)]
)
def test_the_journal_of_a_file_is_that_of_the_version_and_holds_what_was_acknowledged(
    environment, database, tmp_path, version, is_logged
):
    name = ".".join(map(str, version))
    trials = Trials(f"F-08 {name}", "two processes write", planned=1000, least=20)
    with closing(sqlite3.connect(database)) as before:
        before.execute("PRAGMA journal_mode = wal").fetchone()
    service = start(environment, tmp_path, of_a_version(version))
    with another_process(database), Asking(service.port, [DECISION] * 2 + [HEALTH]) as asking:
        for _ in trials:
            asking.wait_for(1, "decision")
    was_logged = has_wal(database)
    service.stop()

    trials.counts.update(acknowledged=len(asking.acknowledged()))
    for failure in asking.failed():
        trials.fail(0, failure)
    trials.close(engine="sqlite")
    assert trials.failures == []
    assert was_logged is is_logged
    assert set(asking.acknowledged()) - set(records_in(database)) == set()
    assert audited(environment) == []


def test_the_control_takes_a_log_whatever_the_version(environment, database, tmp_path):
    service = start(
        environment, tmp_path, of_a_version((3, 40, 1), "db.is_wal_safe = lambda version: True")
    )
    answer = DECISION.ask(service.port)
    was_logged = has_wal(database)
    service.stop()

    assert json.loads(answer.body)["record_id"]
    assert was_logged
