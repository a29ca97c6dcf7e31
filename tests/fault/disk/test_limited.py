"""F-05: no file may grow beyond a limit, as where an operator set one, or a quota is used up.

What is not written is not acknowledged, what is only read is answered, and all goes on when the
limit is gone. The control acknowledges whatever became of its commit, and loses.
"""

import json
import resource
import sys
import time
from pathlib import Path

import pytest

from tests.fault.asking import DECISION, HEALTH, SCRIPT, a_check
from tests.fault.installation import audited, records_in
from tests.server import SERVE, start

#: Bytes that the files may grow by: a few dozen decisions.
ROOM = 256 * 1024
#: Becomes the service, with a limit that it could lift itself.
LIMITED = (
    "import os, resource, sys;"
    "limits = (int(sys.argv[1]), resource.getrlimit(resource.RLIMIT_FSIZE)[1]);"
    "resource.setrlimit(resource.RLIMIT_FSIZE, limits);"
    "os.execv(sys.argv[2], sys.argv[2:])"
)
LYING = """
from consent_server import committing

def wait(self):
    with self._going_on:
        pass

committing._Transaction.wait = wait
from consent_server.cli import main
main(["serve"])
"""
#: Seconds within which it goes on when the limit is gone.
PATIENCE = 20.0


@pytest.fixture
def limited(environment, database, tmp_path):
    """Start the service with a limit; gives it, and what lifts that."""
    running = []

    def limited(program=SERVE):
        most = max(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) + ROOM
        before = (sys.executable, "-c", LIMITED, str(most))
        service = start(environment, tmp_path, program, before=before)
        running.append(service)

        def lift():
            first = service.process.pid
            children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
            for pid in map(int, [first, *children]):
                hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))

        return service, lift

    yield limited
    for service in running:
        service.stop()


def fill(service, kept, most=3000):
    """Decide until nothing is taken any more; return what was answered then."""
    refused = []
    for _ in range(most):
        answer = DECISION.ask(service.port)
        if answer.status == 201:
            kept.append(json.loads(answer.body)["record_id"])
            refused.clear()
        else:
            refused.append(answer.status)
        if len(refused) == 5:
            return set(refused)
    raise AssertionError("there was room for all")


def test_what_cannot_be_written_is_refused_and_all_goes_on_when_it_can(
    limited, environment, database, key
):
    service, lift = limited()
    check, kept = a_check(key, service.port), []
    refused = fill(service, kept)
    read = [question.ask(service.port).status for question in (check, SCRIPT, HEALTH)]
    lift()
    deadline = time.monotonic() + PATIENCE
    while (again := DECISION.ask(service.port)).status != 201 and time.monotonic() < deadline:
        pass
    kept.append(json.loads(again.body)["record_id"])

    assert (refused, read) == ({503}, [200, 200, 200])
    service.stop()
    assert set(kept) - set(records_in(database)) == set()
    assert audited(environment) == []


def test_the_control_that_answers_whatever_became_of_its_commit_loses(limited, database):
    service, lift = limited(("-c", LYING))
    answers = [DECISION.ask(service.port) for _ in range(200)]
    kept = [json.loads(answer.body)["record_id"] for answer in answers if answer.status == 201]
    lift()
    service.stop()

    assert set(kept) - set(records_in(database)) != set()
