"""F-17, F-18: new code and new settings without a request that fails. Whole: 100 reloads."""

import os
import re
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.fault.server.clients import CountingClients, wait_until
from tests.fault.server.conftest import TOKEN
from tests.operations.test_metrics import read
from tests.server import ROOT, start

SHARE = float(os.environ.get("FAULT_SHARE", "0.02"))
RELOADS = max(2, int(100 * SHARE))
UPGRADES = max(1, int(20 * SHARE))
ABRUPT = "import os\ndeadline.Worker.handle_exit = lambda *_: os._exit(0)"


def children(pid: int) -> set[int]:
    """Processes that a process started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return {int(number) for number in text.split()}


def is_told(pid: int, number: signal.Signals) -> bool:
    """Whether a signal waits for a process."""
    found = re.search(r"^ShdPnd:\s+(\w+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return found is not None and bool(int(found[1], 16) >> number - 1 & 1)


def reload(server) -> None:
    """Send HUP, and wait until only new workers are there."""
    before = children(server.process.pid)
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: not before & (found := children(server.process.pid)) and bool(found))


def counted(server) -> float:
    answer = server.request("GET", "/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    found = read(answer[2].decode())
    return found["consent_requests_total", "/healthz", "GET", "2xx"]


def test_a_reload_fails_no_request_and_forgets_no_count(serve):
    server = serve()
    with CountingClients(server.port, 4) as clients:
        for _ in range(RELOADS):
            clients.wait_for(50)
            reload(server)
        clients.wait_for(50)

    assert clients.failed == []
    assert counted(server) == clients.answered

    workers = children(server.process.pid)
    server.process.send_signal(signal.SIGUSR2)  # a second program on SQLite gives up
    wait_until(lambda: "already_serving" in server.log.read_text())
    wait_until(lambda: children(server.process.pid) == workers)
    assert server.request("GET", "/readyz")[0] == 200
    assert "Traceback" not in server.stop()


def test_control_a_worker_that_stops_at_once_fails_requests(serve):
    server = serve(ABRUPT)
    with CountingClients(server.port, 4) as clients:
        for _ in range(10):
            clients.wait_for(20)
            reload(server)
            if clients.failed:
                break

    assert clients.failed != []


@pytest.fixture
def on_postgresql(postgresql_url, tmp_path):
    settings = {"DATABASE_URL": postgresql_url, "CONSENT_DATA_DIR": str(tmp_path / "data")}
    # As installed: what the second program is started by has to find the service by itself.
    server = start({**settings, "CONSENT_METRICS_TOKEN": TOKEN}, tmp_path, at=ROOT)
    masters = [server.process.pid]
    yield server, masters
    server.stop()
    for pid in masters[1:]:
        if Path(f"/proc/{pid}").exists():
            os.kill(pid, signal.SIGTERM)
            wait_until(lambda gone=pid: not _is_alive(gone))


def _is_alive(pid: int) -> bool:
    """Whether a process runs; one that ended waits for its parent."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def upgraded(pid: int) -> int:
    """Send USR2, and wait for the new program; gives its first process.

    One whose own predecessor has ended within this second ignores it, and says so.
    """
    workers, sent = children(pid), 0.0

    def is_there() -> bool:
        nonlocal sent
        if time.monotonic() - sent > 2:
            os.kill(pid, signal.SIGUSR2)
            sent = time.monotonic()
        return len(children(pid) - workers) == 1

    wait_until(is_there)
    (new,) = children(pid) - workers
    return new


def test_a_new_program_takes_over_without_a_failed_request(on_postgresql):
    server, masters = on_postgresql
    with CountingClients(server.port, 4) as clients:
        for _ in range(UPGRADES):
            old = masters[-1]
            clients.wait_for(50)
            new = upgraded(old)
            masters.append(new)
            wait_until(lambda pid=new: len(children(pid)) == 2)
            clients.wait_for(50)
            os.kill(old, signal.SIGTERM)
            wait_until(lambda pid=old: not _is_alive(pid))
            clients.wait_for(50)

    assert clients.failed == []
    assert counted(server) == clients.answered


def test_a_restart_fails_no_request_where_somebody_else_holds_the_address(serve):
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        first = serve(folder="one", listener=listener)
        with CountingClients(first.port, 4) as clients:
            clients.wait_for(50)
            first.stop()
            second = serve(folder="one", listener=listener)
            clients.wait_for(50)

        assert clients.failed == []
        assert counted(second) == clients.answered


def test_a_stop_answers_what_was_asked(serve):
    server = serve("import time\nfrom consent_server.operations.routes import Health\n" + SLOW)
    with CountingClients(server.port, 4) as clients:
        wait_until(lambda: clients.answered > 4)
        clients._over.set()  # each has one question on its way
        server.process.send_signal(signal.SIGTERM)

    assert clients.failed == []
    assert server.process.wait(30) == 0


def test_a_stop_answers_whoever_is_connected_and_was_not_heard_yet(serve):
    server = serve()
    [worker] = children(server.process.pid)
    os.kill(worker, signal.SIGSTOP)
    with ExitStack() as connected:
        clients = []
        for _ in range(8):
            client = socket.create_connection(("127.0.0.1", server.port), timeout=30)
            clients.append(connected.enter_context(client))
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: is_told(worker, signal.SIGTERM))  # heard before anything that was sent
        os.kill(worker, signal.SIGCONT)
        answers = [client.makefile("rb").readline() for client in clients]

    assert answers == [b"HTTP/1.1 200 OK\r\n"] * 8


#: Answers that take a while.
SLOW = "get = Health.get\nHealth.get = lambda view: (time.sleep(0.3), get(view))[1]"
