"""F-20 behind the proxy that operators are given: slow clients wait there."""

import re
import subprocess
import time
from pathlib import Path

import pytest

from tests.fault.server.clients import SlowClients, ask
from tests.fault.server.test_slow_clients import SOCKETS
from tests.machine import nginx
from tests.server import Server, free_port

CONFIGURATION = Path(__file__).parents[3] / "deploy/nginx.conf"
MAIN = """
daemon off; pid nginx.pid; worker_processes 1; worker_rlimit_nofile 4096;
events {{ worker_connections 2048; }}
http {{ {temporary} include service.conf; }}
"""
#: No pipe of the run's, which would be open as long as this one lives.
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@pytest.fixture
def front(serve, tmp_path):
    """The service behind nginx, without TLS: the server of port 443, on a port of its own."""
    service, port = serve(), free_port()
    text = CONFIGURATION.read_text().replace("127.0.0.1:8000", f"127.0.0.1:{service.port}")
    plain, _, secure = text.partition("server {\n    listen 443")
    secure = re.sub(r"^[^;]*;\n.*\n", f" 127.0.0.1:{port};\n", secure, count=1)
    secure = re.sub(r"^ +ssl_.*\n", "", secure, flags=re.MULTILINE)
    secure = secure.replace("/var/log/nginx/", "")
    upstream = plain.partition("server {\n    listen 80")[0]
    (tmp_path / "service.conf").write_text(f"{upstream}server {{\n    listen{secure}")
    temporary = "".join(f"{name}_temp_path {name};" for name in TEMPORARY)
    (tmp_path / "nginx.conf").write_text(MAIN.format(temporary=temporary))
    tool = nginx.find()
    if tool is None:
        pytest.fail(nginx.REMEDY, pytrace=False)
    command = [tool.path, "-p", f"{tmp_path}/", "-c", "nginx.conf", "-e", "error.log"]
    running = Server(subprocess.Popen(command, **QUIET), port, tmp_path / "error.log")
    for _ in range(200):
        try:
            running.request("GET", "/healthz")
            break
        except OSError:
            time.sleep(0.05)
    yield running
    running.stop()


def test_slow_clients_wait_at_the_proxy_and_the_operators_routes_end_there(front):
    with SlowClients(front.port, SOCKETS):
        answers = list(ask(front.port, 60, seconds=30))
    statuses = {path: front.request("GET", path)[0] for path in ("/metrics", "/readyz", "/docs")}

    assert answers == [200, 422] * 30
    assert statuses == {"/metrics": 404, "/readyz": 404, "/docs": 200}
    assert front.request("POST", "/v1/check", b"x" * 70_000)[0] == 413
