"""F-03: any one call to the operating system fails, or is the last one.

What was acknowledged is there; what was not is there or not, and once after it was asked again; the
database is in order. The control, which acknowledges whatever became of its commit, loses.
"""

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from consent_server.sqlite import sqlite3
from tests.builders import OTHER_VISITOR, acceptance, refusal, withdrawal
from tests.fault.installation import audited, publish_demo, records_in
from tests.fault.syscalls import visiting
from tests.fault.syscalls.faults import Fault, Traced, every_fault, open_gate
from tests.fault.trials import Trials
from tests.machine import strace

ROOT = Path(__file__).parents[3]
#: Of so many trials after one the log is sealed and audited.
WHOLE_ONE_IN = 50
PYTHONS_OWN = 'import sys; sys.modules["pysqlite3"] = None\n'
LYING = """
from consent_server import committing
committing._Transaction.wait = lambda self: None
"""
MAIN = "from tests.fault.syscalls.visiting import main; main()"


class Visits:
    """A data directory that is as it was before each visit, and a service that is visited."""

    def __init__(self, folder: Path, tool: Path, before: str):
        self.data, self._base, self._tool = folder / "data", folder / "base", tool
        self.database = self.data / "consent.sqlite3"
        self._gate, self._answers = folder / "gate", folder / "answers"
        self._trace = folder / "trace"
        self.environment = {
            "CONSENT_DATA_DIR": str(self.data),
            "CONSENT_PUBLIC_URL": "https://consent.example",
            "CONSENT_RESERVE_MIB": "0",
        }
        publish_demo(self.environment)
        os.mkfifo(self._gate)
        gate = {visiting.GATE: str(self._gate), visiting.ANSWERS: str(self._answers)}
        with (folder / "said").open("w") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-c", before + MAIN],
                cwd=ROOT,
                env={**os.environ, **self.environment, **gate},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def keep(self) -> None:
        """What is there now is there before each visit from now on."""
        shutil.copytree(self.data, self._base)

    def begin(self) -> None:
        """Bring back what was kept."""
        shutil.rmtree(self.data)
        shutil.copytree(self._base, self.data)

    def send(self, bodies: list[object]) -> list[tuple[int, dict[str, object]]]:
        """Send decisions in a process in which nothing goes wrong; return the answers."""
        self._ask(bodies)
        open_gate(self._gate)
        return self._answered()

    def send_traced(self, bodies: list[object], fault: Fault | None) -> tuple[Traced, list]:
        """The same under strace."""
        pid = self._ask(bodies)
        files = [self.database.with_name(self.database.name + end) for end in ("", *BESIDE)]
        traced = Traced(self._tool, pid, [*files, self.data], self._trace, fault)
        open_gate(self._gate)
        answers = self._answered()
        traced.close()
        return traced, answers

    def _ask(self, bodies: list[object]) -> int:
        self._answers.unlink(missing_ok=True)
        self._process.stdin.write(json.dumps(bodies) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def _answered(self) -> list[tuple[int, dict[str, object]]]:
        assert self._process.stdout.readline().startswith("ended")
        lines = self._answers.read_text().splitlines() if self._answers.exists() else []
        return [tuple(json.loads(line)) for line in lines]

    def close(self) -> None:
        """End the service."""
        self._process.communicate(timeout=60)


#: What SQLite keeps beside a database.
BESIDE = ("-wal", "-shm", "-journal")


@pytest.fixture
def visits(tmp_path, request):
    """A site that was published and somebody who granted, on the SQLite that is asked for."""
    tool = strace.find()
    if tool is None:
        pytest.fail(f"no strace on this machine; {strace.REMEDY}", pytrace=False)
    made = Visits(tmp_path, tool.path, getattr(request, "param", ""))
    with closing(made):
        assert [status for status, _ in made.send([acceptance(1)])] == [201]
        made.keep()
        yield made


def decisions():
    """A first yes, a first no, and a withdrawal."""
    return [acceptance(1, consent_id=OTHER_VISITOR), refusal(), withdrawal(2)]


def problem_after(visits, bodies, answers):
    """Return what is wrong after something went wrong, if anything is."""
    told = {answer["record_id"] for status, answer in answers if status in (200, 201)}
    if strange := [answer for status, answer in answers if status not in (200, 201, 503)]:
        return f"answered {strange}"
    try:
        missing = told - set(records_in(visits.database))
    except (sqlite3.DatabaseError, AssertionError) as problem:
        return f"{type(problem).__name__}: {problem}"
    if missing:
        return f"{len(missing)} of {len(told)} acknowledged are lost"
    again = visits.send(bodies)
    if [status for status, _ in again if status not in (200, 201)] or len(again) != len(bodies):
        return f"asked again: {again}"
    there = records_in(visits.database)
    if len(there) != 1 + len(bodies) or not told <= {answer["record_id"] for _, answer in again}:
        return f"{len(there) - 1} records of {len(bodies)} decisions"
    return None


def sweep(visits, trials):
    """Let one call after another go wrong."""
    visits.begin()
    traced, answers = visits.send_traced(decisions(), None)
    assert [status for status, _ in answers] == [201, 201, 201]
    faults = every_fault(traced.counts())
    trials.random.shuffle(faults)
    for number in trials:
        fault = faults[number % len(faults)]
        bodies = decisions()
        visits.begin()
        traced, answers = visits.send_traced(bodies, fault)
        trials.counts["met"] += traced.was_met()
        trials.counts.update(str(status) for status, _ in answers)
        problem = problem_after(visits, bodies, answers)
        if (
            problem is None
            and number % WHOLE_ONE_IN == 0
            and (findings := audited(visits.environment))
        ):
            problem = f"the log: {findings[0]}"
        if problem is not None:
            trials.fail(number, f"{fault}: {problem}")


@pytest.mark.parametrize("visits", ["", PYTHONS_OWN], ids=["wal", "truncate"], indirect=True)
def test_any_call_may_fail_and_nothing_acknowledged_is_lost(visits, request):
    mode = request.node.callspec.id
    trials = Trials(f"F-03 {mode}", "a call to the operating system fails", 1000, least=20)

    sweep(visits, trials)

    trials.close(engine=f"sqlite, {mode}")
    assert trials.failures == []
    assert trials.counts["met"] > trials.done / 2


@pytest.mark.parametrize("visits", [LYING], ids=["lying"], indirect=True)
def test_the_control_that_answers_whatever_became_of_its_commit_loses(visits):
    visits.begin()
    traced, _ = visits.send_traced(decisions(), None)
    lost = set()
    for number in range(1, traced.counts()["pwrite64"] + 1):
        visits.begin()
        _, answers = visits.send_traced(decisions(), Fault("pwrite64", "EIO", number, lasts=True))
        told = {answer["record_id"] for status, answer in answers if status == 201}
        lost |= told - set(records_in(visits.database))

    assert lost
