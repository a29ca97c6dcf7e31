"""F-21: the first process is killed, and what answers outlives it; two services on one SQLite file.

Whoever starts the service again does so until it is there. The control, processes that do not look
for their first one, keep it from ever being there.
"""

import time

import pytest

from consent_server.config import load_settings
from tests.fault.durability.service import Killed
from tests.fault.durability.visitors import Visitors, lost_and_doubled
from tests.fault.server.test_reload import _is_alive
from tests.fault.trials import SEED, Trials
from tests.server import SERVE, start

#: Seconds for which the service is started again and again: five are promised on an idle machine.
PATIENCE = 20.0
ORPHANS = """
from consent_server.worker import deadline
deadline.Worker.is_parent_alive = lambda worker: True
from consent_server.cli import main
main(["serve"])
"""


def supervised(environment, folder, port, orphans):
    """Start a service as systemd does, again when it gives up; None where it never is there."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            # While the orphans answer at its port, it may look as if it were there, and give up.
            started = start(environment, folder, port=port)
            while any(map(_is_alive, orphans)) and started.process.poll() is None:
                time.sleep(0.02)
            if started.process.poll() is None and started.request("GET", "/readyz")[0] == 200:
                return started
            raise RuntimeError(started.stop())
        except (RuntimeError, OSError) as refused:
            assert "already_serving" in str(refused) or "refused" in str(refused)
    return None


def test_a_service_whose_first_process_is_killed_is_there_again(
    app, environment, publish, tmp_path
):
    publish("demo")
    engine = app.extensions["consent_settings"].database_url.partition(":")[0].partition("+")[0]
    trials = Trials(f"F-21 {engine}", "the first process killed, its workers alive", 50, least=1)
    service = Killed(environment, tmp_path)
    running, port = service.server, service.port()
    with Visitors(lambda: port, 4, SEED) as visitors:
        for _ in trials:
            visitors.wait_for(10)
            service.server, workers = running, service.workers()
            running.process.kill()
            running.process.wait()
            killed_at = time.monotonic()
            running = supervised(environment, tmp_path, port, workers)
            assert running is not None
            trials.times.append((time.monotonic() - killed_at) * 1000)
            visitors.wait_for(10)
    log = running.stop()

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
