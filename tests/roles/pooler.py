"""A PgBouncer in transaction mode before the PostgreSQL of the tests, for many machines."""

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from tests.machine import pgbouncer
from tests.machine.cluster import unprivileged
from tests.machine.tool import Tool
from tests.server import free_port

#: Sessions with the server for each database and role: fewer than there are clients.
SESSIONS = 2
SECONDS = 30.0
CONFIGURATION = """
[databases]
* = host={host} port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = users.txt
pool_mode = transaction
default_pool_size = {sessions}
max_client_conn = 200
logfile = pgbouncer.log
"""


class Pooler:
    """A running PgBouncer that belongs to the test that started it."""

    def __init__(self, tool: Tool, url: str):
        self._url = sa.make_url(url)
        self._port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="consent-pooler-"))
        values = {"host": self._url.host, "server": self._url.port, "sessions": SESSIONS}
        configuration = CONFIGURATION.format(port=self._port, **values)
        self._write("pgbouncer.ini", configuration)
        self._write("users.txt", f'"{self._url.username}" ""\n')
        self._process = subprocess.Popen(
            [tool.path, "-q", "pgbouncer.ini"],
            env=pgbouncer.PROGRAM.environment(),
            **unprivileged(self.folder),
        )
        self._wait()

    @property
    def url(self) -> str:
        """The address of the same database, through the pooler."""
        return self._url.set(port=self._port).render_as_string(hide_password=False)

    def close(self) -> None:
        """End it, and remove its files."""
        self._process.terminate()
        self._process.wait(SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, name: str, text: str) -> None:
        """Write what an unprivileged process reads, whatever the umask of the tests before is."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)

    def _wait(self) -> None:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        log = self.folder / "pgbouncer.log"
        said = log.read_text(encoding="utf-8") if log.exists() else "nothing"
        self.close()
        raise RuntimeError(f"PgBouncer did not start:\n{said}")
