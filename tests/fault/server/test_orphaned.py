"""F-21: the first process is killed, and what answers outlives it; two services on one SQLite file.

Whoever starts the service again does so until it is there. The control, processes that do not look
for their first one, keep it from ever being there.
"""

import json
import time
from contextlib import closing

import pytest

from consent_server.config import load_settings
from consent_server.db import db
from consent_server.sqlite import sqlite3
from tests import server
from tests.fault.asking import DECISION
from tests.fault.durability.service import Killed
from tests.fault.durability.visitors import Visitors, lost_and_doubled
from tests.fault.installation import records_in
from tests.fault.server.test_reload import _is_alive
from tests.fault.trials import SEED, Trials
from tests.server import SERVE, start

#: Seconds for which the service is started again and again: five are promised on an idle machine.
PATIENCE = 20.0
#: Why a service gives up beside what is left of another: it has the file, or the address.
REFUSED = ("already_serving", "address_unavailable")
ORPHANS = """
from consent_server.worker import deadline
deadline.Worker.is_parent_alive = lambda worker: True
from consent_server.cli import main
main(["serve"])
"""


@pytest.fixture(autouse=True)
def ended(monkeypatch):
    """Whatever becomes of a test, nothing that it started goes on."""
    begun = []

    def noted(*arguments, **named):
        begun.append(server.start(*arguments, **named))
        return begun[-1]

    for module in ("tests.fault.server.test_orphaned", "tests.fault.durability.service"):
        monkeypatch.setattr(f"{module}.start", noted)
    yield
    for service in begun:
        service.stop()


@pytest.fixture
def published(app, publish):
    """The site ``demo``, in a database that this process has not open: its locks would count."""
    publish("demo")
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def supervised(environment, folder, port, orphans):
    """Start a service as systemd does, again when it gives up; None where it never is there."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            started = start(environment, folder, port=port)
        except RuntimeError as refused:
            assert any(reason in str(refused) for reason in REFUSED), refused
            assert "serving http" not in str(refused)
            continue
        # While the orphans answered at its port, it looked as if it were there; it may give up.
        while started.process.poll() is None:
            if not any(map(_is_alive, orphans)) and is_ready(started):
                return started
            time.sleep(0.02)
    return None


def is_ready(service):
    try:
        return service.request("GET", "/readyz")[0] == 200
    except OSError:
        return False


def test_a_service_whose_first_process_is_killed_is_there_again(
    app, environment, published, tmp_path
):
    engine = app.extensions["consent_settings"].database_url.partition(":")[0].partition("+")[0]
    trials = Trials(f"F-21 {engine}", "the first process killed, its workers alive", 50, least=1)
    service = Killed(environment, tmp_path)
    port = service.port()
    with Visitors(lambda: port, 4, SEED) as visitors:
        for _ in trials:
            visitors.wait_for(10)
            workers = service.workers()
            service.server.process.kill()
            service.server.process.wait()
            killed_at = time.monotonic()
            again = supervised(environment, tmp_path, port, workers)
            assert again is not None
            service.server = again
            trials.times.append((time.monotonic() - killed_at) * 1000)
            visitors.wait_for(10)
    log = service.server.stop()

    lost, doubled, twice = lost_and_doubled(app, visitors)
    trials.close(engine=engine)
    assert visitors.wrong == [], log
    assert (lost, doubled, twice) == ([], 0, 0), log


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_control_whose_processes_outlive_the_first_is_never_there_again(
    environment, tmp_path, monkeypatch
):
    monkeypatch.setattr("tests.fault.server.test_orphaned.PATIENCE", 5.0)
    service = Killed(environment, tmp_path, ("-c", ORPHANS))
    workers = service.workers()
    service.server.process.kill()
    service.server.process.wait()
    again = supervised(environment, tmp_path, service.port(), workers)
    service.kill_those(workers)

    assert again is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_sqlite_file_has_one_service_by_whichever_name(app, environment, tmp_path):
    database = load_settings(environment).sqlite_path
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "linked.db"
    link.symlink_to(database)
    service = start(environment, tmp_path, SERVE)

    with pytest.raises(RuntimeError, match="already_serving"):
        start({**environment, "DATABASE_URL": f"sqlite:///{link}"}, tmp_path / "elsewhere")

    service.stop()
    # What is left of the lock names no process: nobody takes another one for it.
    assert database.with_name(f"{database.name}.lock").read_bytes() == b""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_outlives_the_first_process_still_holds_its_locks_of_the_file(
    environment, published, tmp_path
):
    """Whoever finds no lock on a file closes it as the last one, and takes its log away."""
    service = Killed(environment, tmp_path, ("-c", ORPHANS))
    workers = service.workers()
    kept = [DECISION.ask(service.port())]
    service.server.process.kill()
    service.server.process.wait()
    with closing(sqlite3.connect(load_settings(environment).sqlite_path)) as another:
        another.execute("SELECT count(*) FROM consent_records").fetchone()
    kept += [DECISION.ask(service.port()) for _ in range(3)]
    service.kill_those(workers)

    assert [answer.status for answer in kept] == [201] * 4
    there = records_in(load_settings(environment).sqlite_path)
    assert {json.loads(answer.body)["record_id"] for answer in kept} - set(there) == set()
