"""F-17: the service in a server that somebody else configures, ``gunicorn wsgi:app``.

The controls: work that is begun where the application is imported, as if nobody forked afterwards;
and a process that starts as if it were the only one, while its database says nothing.
"""

import os
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from consent_server import occupied
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.ledger.canonical import base64url_encode
from tests.fault.asking import DECISION, HEALTH, PAGE, Question
from tests.fault.durability.cutting import in_between
from tests.fault.installation import audited
from tests.fault.server.clients import wait_until
from tests.fault.server.conftest import TOKEN
from tests.fault.server.test_reload import children
from tests.operations.test_metrics import read
from tests.server import free_port, start

CHANGED = """
from consent_server import hosted
{}
from gunicorn.app.wsgiapp import run
run()
"""
AT_IMPORT = "hosted.PAUSE = hosted.FIRST_PAUSE = 3600\nhosted._Beginning = hosted.start_work"
#: An address that another program has for three seconds more: gunicorn tries for five.
FORKS_LATE = """
import time
from gunicorn import sock
create = sock.create_sockets

def create_late(*given):
    time.sleep(3)
    return create(*given)

sock.create_sockets = create_late
"""
#: As that of uvicorn or granian.
COMMAND_LINE = "import click\nclick.Context(click.Command('server')).__enter__()"
AS_THE_ONLY_ONE = "hosted._do_others_answer = lambda settings: False"


@pytest.fixture
def published(app, environment, publish):
    """The settings of a service with the site ``demo``, which this process has not open."""
    publish("demo")
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    more = {"CONSENT_MERGE_DELAY": "2", "CONSENT_METRICS_TOKEN": TOKEN}
    return {**environment, **more}


@pytest.fixture
def host(tmp_path):
    """Start gunicorn with options of one's own, changed by a line of Python if need be."""
    running = []

    def host(environment, *options, change=""):
        port = free_port()
        code = ("-c", CHANGED.format(change))
        folder = tmp_path / f"host{len(running)}"
        folder.mkdir()
        program = (*code, "-b", f"127.0.0.1:{port}", "--no-control-socket", *options, "wsgi:app")
        running.append(start(environment, folder, program, port=port))
        return running[-1]

    yield host
    for server in running:
        server.stop()


def counted(server):
    answer = server.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    return read(answer[2].decode())


def has_open(pid: int, path: Path) -> bool:
    """Whether a process has a file open."""
    links = Path(f"/proc/{pid}/fd")
    return str(path) in {os.readlink(link) for link in links.iterdir() if link.is_symlink()}


def test_processes_that_were_forked_after_the_import_record_and_seal(published, host):
    server = host(published, "--preload", "-w", "2", "-k", "gthread", "--threads", "2")
    wait_until(lambda: counted(server)["consent_processes",] == 2)
    answers = [DECISION.ask(server.port) for _ in range(8)]
    wait_until(lambda: counted(server)["consent_log_waiting_entries",] == 0)
    found = counted(server)
    log = server.stop()

    assert [answer.status for answer in answers] == [201] * 8
    assert found["consent_log_alarms",] == found["consent_work_failed_total", "sealing"] == 0, log
    assert audited(published) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_process_that_only_forks_has_no_database_open(published, host):
    database = load_settings(published).sqlite_path
    server = host(published, "--preload", "-w", "2")
    wait_until(lambda: counted(server)["consent_processes",] == 2)

    assert not has_open(server.process.pid, database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nor_has_one_that_waits_for_its_address_before_it_forks(published, host):
    database = load_settings(published).sqlite_path
    server = host(published, "--preload", "-w", "2", change=FORKS_LATE)
    wait_until(lambda: counted(server)["consent_processes",] >= 2)

    assert not has_open(server.process.pid, database)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_control_that_works_where_it_is_imported_has_it_open(published, host):
    database = load_settings(published).sqlite_path
    # Its workers may have been forked with a lock of a thread that they do not have.
    impatient = ("--graceful-timeout", "1")
    server = host(published, "--preload", "-w", "2", *impatient, change=AT_IMPORT)

    wait_until(lambda: has_open(server.process.pid, database))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_sqlite_file_is_shared_by_those_who_share_it_and_by_nobody_else(published, host):
    settings = load_settings(published)
    servers = [host(published, "-w", "2"), host(published)]

    with pytest.raises(occupied.AlreadyServing, match="stop it first"), occupied.alone(settings):
        pass
    for server in servers:
        server.stop()
    with occupied.alone(settings), pytest.raises(RuntimeError, match="stop it first"):
        host(published)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_processes_of_one_server_count_requests_together(published, host):
    port = host(published, "-w", "2").port
    path, statuses = "/v1/sites/demo/me", []
    while 429 not in statuses and len(statuses) < 150:  # 120 of a network at once, 1 a second
        own = {**PAGE, "Consent-Id": base64url_encode(secrets.token_bytes(16))}
        statuses.append(Question("guess", "GET", path, own).ask(port).status)

    assert 429 in statuses
    assert load_settings(published).rates_path.exists()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_command_of_flask_looks_at_it_while_somebody_serves(published, tmp_path):
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "routes"]
    root = str(Path(__file__).parents[3])
    with occupied.alone(load_settings(published)):
        done = subprocess.run(
            command, env={**os.environ, **published, "PYTHONPATH": root}, cwd=tmp_path, check=False
        )

    assert done.returncode == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_server_with_a_command_line_like_flask_s_serves(published, host):
    server = host(published, "--preload", change=COMMAND_LINE)
    wait_until(lambda: counted(server)["consent_processes",] == 1)

    with pytest.raises(occupied.AlreadyServing), occupied.alone(load_settings(published)):
        pass


class TestADatabaseThatSaysNothing:
    @pytest.fixture
    def database_url(self, postgresql_url):
        return postgresql_url

    @pytest.fixture
    def ended(self, published, host):
        """Kill one of two processes meanwhile; gives what the server is after that."""

        def ended(change):
            with in_between(published) as between:
                server = host(published, "-w", "2", "-k", "gthread", change=change)
                wait_until(lambda: counted(server)["consent_processes",] == 2)
                between.slow_down(600)
                os.kill(min(children(server.process.pid)), signal.SIGKILL)
                outcomes = ("database_unavailable", "failed to boot")
                wait_until(lambda: any(said in server.log.read_text() for said in outcomes))
                alive = HEALTH.ask(server.port).status
                between.slow_down(0)
                return alive

        return ended

    def test_a_process_that_starts_meanwhile_ends_no_other(self, ended):
        assert ended("") == 200

    def test_the_control_that_starts_as_the_only_one_ends_all(self, ended):
        assert ended(AS_THE_ONLY_ONE) == 0
