"""nginx before a service, configured by the file that operators are given."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.machine import nginx
from tests.server import Server, free_port

CONFIGURATION = Path(__file__).parents[3] / "deploy/nginx.conf"
#: A line for each request: the answer, that of the service if it was asked, and what for.
MAIN = """
daemon off; pid nginx.pid; worker_processes 1; worker_rlimit_nofile 4096;
events {{ worker_connections 2048; }}
http {{
    log_format lines '$status $upstream_status $uri';
    {temporary} include service.conf;
}}
"""
#: No pipe of the run's, which would be open as long as this one lives.
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextmanager
def behind_nginx(service: Server, folder: Path, more: str = "") -> Iterator[Server]:
    """Give the service behind nginx, without TLS: the server of port 443, on a port of its own.

    :param folder: for its files; ``front.log`` has a line for each request
    :param more: directives besides those of the file
    """
    port = free_port()
    text = CONFIGURATION.read_text().replace("127.0.0.1:8000", f"127.0.0.1:{service.port}")
    plain, _, secure = text.partition("server {\n    listen 443")
    secure = re.sub(r"^[^;]*;\n.*\n", f" 127.0.0.1:{port};\n", secure, count=1)
    secure = re.sub(r"^ +ssl_.*\n", "", secure, flags=re.MULTILINE)
    secure = secure.replace("/var/log/nginx/", "").replace(
        "access_log off;", f"access_log front.log lines; {more}"
    )
    upstream = plain.partition("server {\n    listen 80")[0]
    (folder / "service.conf").write_text(f"{upstream}server {{\n    listen{secure}")
    temporary = "".join(f"{name}_temp_path {name};" for name in TEMPORARY)
    (folder / "nginx.conf").write_text(MAIN.format(temporary=temporary))
    tool = nginx.find()
    if tool is None:
        pytest.fail(nginx.REMEDY, pytrace=False)
    command = [tool.path, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "error.log"]
    running = Server(subprocess.Popen(command, **QUIET), port, folder / "error.log")
    for _ in range(200):
        try:
            running.request("GET", "/healthz")
            break
        except OSError:
            time.sleep(0.05)
    yield running
    running.stop()
