"""F-02: the power goes out. What was acknowledged is on the disk, and the log goes on.

The real service decides under strace, which writes down what it asks of the operating system. From
that is built what a disk would hold if the power had gone out at any one call: what was synced, and
in every other trial some of what was not, in any order and torn. The controls, SQLite with settings
that are faster, must lose.
"""

import re
import shutil
from itertools import chain
from pathlib import Path

import pytest

from consent_server.sqlite import sqlite3
from tests.fault.durability.visitors import Visitors
from tests.fault.installation import audited, publish_demo, records_in
from tests.fault.powercut.disk import Disk
from tests.fault.powercut.syscalls import OPTIONS, calls
from tests.fault.trials import SEED, Trials
from tests.machine import strace
from tests.server import SERVE, start

THREADS = 4
#: Cuts for each acknowledgement: right after it, and at random calls before the next one.
CUTS = 10
#: How often one recording is gone through at most.
ROUNDS = 20
#: Of so many cuts one is looked at as a whole: the service opens it, seals and audits the log.
WHOLE_ONE_IN = 100
ANSWER = re.compile(rb'"record_id":"([\w-]{22})"')
OTHERWISE = """
from consent_server import db
from consent_server.cli import main
pragmas = db.sqlite_pragmas
db.sqlite_pragmas = lambda version: {{**pragmas(version), **{settings}}}
main(["serve"])
"""
WAL_NORMAL = {"journal_mode": "wal", "synchronous": "1"}
DELETE_FULL = {"journal_mode": "delete", "synchronous": "2"}
PYTHONS_OWN = """
import sys
sys.modules["pysqlite3"] = None
from consent_server.cli import main
main(["serve"])
"""


class Recording:
    """What a service did while visitors decided."""

    def __init__(self, folder: Path, data: Path, trace: Path, acknowledged: set[str]):
        self.folder = folder
        #: As it was before, and where it was then.
        self.base, self.data = folder / "base", data
        self.trace = trace
        #: By the visitors themselves.
        self.acknowledged = acknowledged


@pytest.fixture
def record(tmp_path):
    """Let visitors decide, and write down what the service asks of the operating system."""
    tool = strace.find()
    if tool is None:
        pytest.fail(f"no strace on this machine; {strace.REMEDY}", pytrace=False)

    def record(count, program=SERVE):
        data, trace = tmp_path / "data", tmp_path / "trace"
        own = {"CONSENT_DATA_DIR": str(data), "CONSENT_MERGE_DELAY": "2"}
        own["CONSENT_PUBLIC_URL"] = "https://consent.example"
        publish_demo(own)
        shutil.copytree(data, tmp_path / "base")
        server = start(own, tmp_path, program, before=(str(tool.path), *OPTIONS, "-o", str(trace)))
        try:
            with Visitors(lambda: server.port, THREADS, SEED) as visitors:
                visitors.wait_for(count)
        finally:
            log = server.stop()
        assert visitors.wrong == [], log
        kept = {one.record_id for one in visitors.acknowledged}
        return Recording(tmp_path, data, trace, kept)

    return record


def _answered(call):
    """The id of the record that an answer of the service tells, if the call sends one."""
    found = ANSWER.search(call.texts[0]) if call.name == "sendto" and call.texts else None
    return found[1].decode() if found is not None else None


def places(recording, random):
    """Yield the instants of a recording to cut at: what was told by then, and the disk."""
    disk = Disk.of(recording.base, recording.data)
    told, due = set(), 0
    for call in calls(recording.trace):
        changed = disk.take(call)
        record_id = _answered(call)
        if record_id is not None:
            told.add(record_id)
            due += CUTS - 1
        elif changed and due > 0 and random.random() < 0.5:
            due -= 1
        else:
            continue
        yield set(told), disk


def cuts(recording, trials):
    """Yield each trial with what was acknowledged by then, and the files that are left.

    The recording is gone through again until there were enough: one write may acknowledge several
    decisions, so nobody knows before how many instants there are between them.
    """
    again = chain.from_iterable(places(recording, trials.random) for _ in range(ROUNDS))
    for number, (told, disk) in zip(trials, again, strict=False):
        yield number, told, disk.survives(trials.random if number % 2 else None)


def left(recording, files):
    """Put what is left where it was."""
    shutil.rmtree(recording.data, ignore_errors=True)
    for path, content in files.items():
        if not path.endswith("-shm"):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_bytes(content)


def audited_as_left(recording):
    """What the audit of the log finds after the service came back and sealed what waits."""
    for path in (recording.data, recording.data / "keys"):
        path.chmod(0o700)
    for path in (recording.data / "keys").iterdir():
        path.chmod(0o600)
    return audited({"CONSENT_DATA_DIR": str(recording.data)})


def lost_by(recording, trials):
    """Cut again and again; count the cuts after which something acknowledged is missing."""
    cut_off = 0
    for number, told, files in cuts(recording, trials):
        left(recording, files)
        try:
            missing = told - set(records_in(recording.data / "consent.sqlite3"))
        except (sqlite3.DatabaseError, AssertionError) as problem:
            trials.fail(number, f"{type(problem).__name__}: {problem}")
            continue
        if missing:
            trials.fail(number, f"{len(missing)} of {len(told)} acknowledged are lost")
        elif number % WHOLE_ONE_IN == 0 and (findings := audited_as_left(recording)):
            trials.fail(number, f"the log: {findings[0]}")
        cut_off = max(cut_off, len(told))
    return cut_off


@pytest.mark.parametrize("program", [SERVE, ("-c", PYTHONS_OWN)], ids=["wal", "truncate"])
def test_a_power_cut_loses_nothing_that_was_acknowledged(record, program, request):
    mode = request.node.callspec.id
    trials = Trials(f"F-02 {mode}", "power cut at any call", planned=10_000, least=200)
    recording = record(trials.count // CUTS + 1, program)

    told = lost_by(recording, trials)

    trials.counts.update(acknowledged=told)
    trials.close(engine=f"sqlite, {mode}")
    assert trials.failures == []
    assert trials.done == trials.count
    assert {_answered(call) for call in calls(recording.trace)} >= recording.acknowledged


@pytest.mark.parametrize("settings", [WAL_NORMAL, DELETE_FULL], ids=["wal normal", "delete full"])
def test_a_control_that_syncs_less_loses(record, settings):
    """Of both SQLite's documentation says that a power cut may undo a commit."""
    trials = Trials("F-02 control", str(settings), planned=50, least=50)
    recording = record(trials.count // CUTS + 1, ("-c", OTHERWISE.format(settings=settings)))

    lost_by(recording, trials)

    assert any("acknowledged are lost" in told for told in trials.failures)
