"""F-06: the disk takes no writing any more, as when its file system had an error.

What is only read is answered, by processes that start meanwhile too, and decisions are 503; when it
can be written, all goes on. The control, a service that cannot start without writing, is not there.
"""

import json
import os
import signal
import time
from contextlib import closing, contextmanager, suppress

import pytest

from consent_server.sqlite import sqlite3
from tests.fault.asking import DECISION, HEALTH, SCRIPT, Question, a_check
from tests.fault.installation import audited, records_in
from tests.fault.server.clients import wait_until
from tests.fault.server.test_reload import _is_alive, children
from tests.server import SERVE, start

READY = Question("ready", "GET", "/readyz", {})
#: As for any other user, what may not be written cannot be.
AS_ANY_USER = ("setpriv", "--bounding-set", "-dac_override,-dac_read_search")
#: Seconds within which decisions are kept again.
PATIENCE = 20
WRITING = """
from consent_server import occupied
occupied._opened = lambda path: path.open("w")
from consent_server.cli import main
main(["serve"])
"""


@pytest.fixture
def read_only(database):
    """Let nothing be written beside the database, for a while; give back the rights it had."""

    @contextmanager
    def read_only():
        paths = [database.parent, *database.parent.rglob("*")]
        before = {path: path.stat().st_mode for path in paths}
        for path, mode in before.items():
            path.chmod(mode & 0o500)
        try:
            yield
        finally:
            for path, mode in before.items():
                if path.exists():
                    path.chmod(mode)

    return read_only


@pytest.fixture
def serving(environment, tmp_path):
    """Start the service as any user would."""
    running = []

    def serving(program=SERVE, ready="/readyz"):
        before = AS_ANY_USER if os.geteuid() == 0 else ()
        running.append(start(environment, tmp_path, program, before=before, ready=ready))
        return running[-1]

    yield serving
    for service in running:
        service.stop()


def kill(service, *, whole):
    """Kill what answers, or all of the service, without a word; return when it is gone."""
    there = children(service.process.pid)
    if whole:
        service.process.kill()
        service.process.wait()
    for pid in there:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(_is_alive, there)))


def decide_until_kept(service):
    deadline = time.monotonic() + PATIENCE
    while (answer := DECISION.ask(service.port)).status != 201 and time.monotonic() < deadline:
        time.sleep(0.1)
    return json.loads(answer.body)["record_id"]


@pytest.mark.parametrize("whole", [False, True], ids=["a process", "the service"])
def test_what_starts_on_a_disk_that_takes_no_writing_answers_what_is_read(
    serving, read_only, environment, database, key, whole
):
    service = serving()
    check = a_check(key, service.port)
    kept = [decide_until_kept(service)]
    with read_only():
        kill(service, whole=whole)
        if whole:
            service = serving(ready="/healthz")
        read = [question.ask(service.port).status for question in (check, SCRIPT, HEALTH)]
        refused = [question.ask(service.port).status for question in (DECISION, READY)]
    kept.append(decide_until_kept(service))

    assert (read, refused) == ([200, 200, 200], [503, 503])
    service.stop()
    assert set(kept) - set(records_in(database)) == set()
    assert audited(environment) == []


def test_where_the_log_of_the_file_is_gone_it_says_in_a_line_why_it_does_not_start(
    serving, read_only, database
):
    serving().stop()
    with closing(sqlite3.connect(database)) as last:  # whoever closes it last takes its log away
        last.execute("SELECT count(*) FROM sites").fetchone()

    with read_only(), pytest.raises(RuntimeError, match="database_unavailable: ") as refused:
        serving(ready="/healthz")

    assert "Traceback" not in str(refused.value)


def test_the_control_that_writes_to_start_is_not_there(serving, read_only):
    service = serving()
    with read_only():
        kill(service, whole=True)
        with pytest.raises(RuntimeError, match="Permission denied"):
            serving(("-c", WRITING), ready="/healthz")
