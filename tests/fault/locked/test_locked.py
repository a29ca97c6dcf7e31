"""F-07: another program holds SQLite's file locked. Decisions are refused in time, none is lost.

The control, a service that waits for the lock as long as it takes, answers nobody.
"""

import http.client
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from consent_server.sqlite import sqlite3
from tests.builders import ORIGIN, refusal
from tests.fault.installation import audited, publish_demo, records_in
from tests.server import SERVE, start

#: More than the service has threads.
VISITORS = 20
PATH = "/v1/sites/demo/consents"
HEADERS = {"Origin": ORIGIN, "Content-Type": "text/plain;charset=UTF-8"}
#: Seconds after which whoever waits has waited in vain: more than the service may take.
IN_VAIN = 9
STUBBORN = """
from consent_server import committing, db
committing.PATIENCE = 600.0
honest = db.engine_options

def stubborn(settings):
    options = honest(settings)
    options["connect_args"]["timeout"] = 600
    return options

db.engine_options = stubborn
from consent_server.cli import main
main(["serve"])
"""


@pytest.fixture
def database(tmp_path):
    return tmp_path / "consent.db"


@pytest.fixture
def environment(database, tmp_path):
    """The site ``demo``, published."""
    made = {
        "DATABASE_URL": f"sqlite:///{database}",
        "CONSENT_DATA_DIR": str(tmp_path / "var"),
        "CONSENT_PUBLIC_URL": "https://consent.example",
    }
    publish_demo(made)
    return made


@pytest.fixture
def serving(environment, tmp_path):
    """Start the service."""
    running = []

    def serving(program=SERVE):
        running.append(start(environment, tmp_path, program))
        return running[0]

    yield serving
    for each in running:
        each.process.kill()
        each.process.wait()


@pytest.fixture
def lock(database):
    """Lock the file as a program of the house might; call it to let go."""
    holder = sqlite3.connect(database, isolation_level=None, check_same_thread=False)

    def lock():
        holder.execute("BEGIN EXCLUSIVE")
        return lambda: holder.execute("ROLLBACK")

    yield lock
    holder.close()


def _decide(service, body, patience=30):
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=patience)
    try:
        connection.request("POST", PATH, json.dumps(body), HEADERS)
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Retry-After"), json.loads(answer.read())
    finally:
        connection.close()


def test_a_lock_that_is_let_go_in_time_is_no_error(serving, lock, database, environment):
    service, bodies = serving(), [refusal() for _ in range(VISITORS)]
    let_go = lock()
    with ThreadPoolExecutor(VISITORS) as pool:
        answers = [pool.submit(_decide, service, body) for body in bodies]
        threading.Timer(1.0, let_go).start()
        statuses = [answer.result()[0] for answer in answers]

    assert statuses == [201] * VISITORS
    assert len(records_in(database)) == VISITORS


def test_a_lock_that_is_kept_refuses_decisions_and_answers_what_is_read(
    serving, lock, database, environment
):
    service, bodies = serving(), [refusal() for _ in range(VISITORS)]
    let_go = lock()
    with ThreadPoolExecutor(VISITORS) as pool:
        refused = list(pool.map(lambda body: _decide(service, body), bodies))
    # Those without a thread were told sooner. Nobody has one any more, though the file is locked.
    for path in ("/healthz", "/s/demo.js"):
        assert service.request("GET", path)[0] == 200
    again, _, problem = _decide(service, refusal())
    let_go()
    kept = [_decide(service, body) for body in bodies]

    assert {(status, after) for status, after, _ in refused} == {(503, "5")}
    assert (again, problem["reason"]) == (503, "database_unavailable")
    assert [status for status, *_ in kept] == [201] * VISITORS
    assert sorted(records_in(database)) == sorted(answer["record_id"] for *_, answer in kept)
    assert service.stop()
    assert audited(environment) == []


def test_the_control_that_waits_as_long_as_it_takes_answers_nobody(serving, lock):
    service = serving(("-c", STUBBORN))
    let_go = lock()

    with pytest.raises(TimeoutError):
        _decide(service, refusal(), IN_VAIN)

    let_go()
