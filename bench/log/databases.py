"""The engine under a log: what its server costs, and its own way to write rows as text."""

import subprocess
import time
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL

from bench.processes import cpu_seconds
from consent_server.db import db


class Database:
    """The database of the running application."""

    def __init__(self) -> None:
        self.url: URL = db.engine.url
        self.is_sqlite = db.engine.dialect.name == "sqlite"
        self._server = None if self.is_sqlite else _server()

    def cpu_seconds(self) -> float:
        """Return what its server has used so far; 0 where it has none, or on another machine."""
        return 0.0 if self._server is None else cpu_seconds(self._server)

    def client_rate(self, query: str, rows: int) -> float:
        """Return rows a second, by the clock, of ``psql`` COPY or ``sqlite3 -csv``.

        :param query: SELECT without parameters
        """
        if self.is_sqlite:
            command = ["sqlite3", "-csv", str(self.url.database), query]
        else:
            address = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
            command = ["psql", "-X", "-q", address, "-c", f"COPY ({query}) TO STDOUT"]
        begin = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        return rows / (time.perf_counter() - begin)


def _server() -> int | None:
    """Return the process that started the server's others."""
    pid = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
    db.session.rollback()
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return None
    return int(stat.rpartition(")")[2].split()[1]) if "(postgres)" in stat else None
