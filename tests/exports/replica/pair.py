"""A PostgreSQL server and a standby that follows it by streaming."""

import time

from tests.machine import cluster
from tests.machine.cluster import SETTINGS, Cluster
from tests.machine.tool import Tool
from tests.tworoles import connect

#: Seconds within which a standby does what it was told.
PATIENCE = 60


class Pair:
    """A primary, and its standby, which a test may stop, hold back or promote."""

    def __init__(self, tool: Tool):
        self._tool = tool
        self.primary = cluster.start(tool)
        self.standby = cluster.follow(self.primary, tool, SETTINGS)

    def address(self, database: str) -> str:
        """Return the address of a database on the primary."""
        return self.primary.url(database)

    def catch_up(self) -> None:
        """Wait until the standby shows what is committed now."""
        position = self.ask(self.primary, "SELECT pg_current_wal_lsn()")
        question = f"SELECT pg_last_wal_replay_lsn() >= '{position}'"
        while not self.ask(self.standby, question):
            time.sleep(0.01)

    def hold_back(self) -> None:
        """Let the standby take what comes from now on, and show none of it."""
        self.catch_up()
        self.ask(self.standby, "SELECT pg_wal_replay_pause()")
        while self.ask(self.standby, "SELECT pg_get_wal_replay_pause_state()") != "paused":
            time.sleep(0.01)

    def let_go(self) -> None:
        """Let the standby show what it has."""
        self.ask(self.standby, "SELECT pg_wal_replay_resume()")

    def start_standby(self) -> None:
        """Start the standby that failed, again."""
        cluster.start_again(self.standby, self._tool, SETTINGS)

    def renew_standby(self) -> None:
        """Put a new standby to the address of the one that there was."""
        port = self.standby.port
        self.standby.stop()
        self.standby = cluster.follow(self.primary, self._tool, SETTINGS, port)

    def ask(self, server: Cluster, statement: str) -> object:
        """Return the first value that an administrator is told."""
        with connect(server.url()) as connection:
            answer = connection.execute(statement)
            row = answer.fetchone() if answer.description else None
            return row[0] if row else None

    def stop(self) -> None:
        """Stop both."""
        self.standby.stop()
        self.primary.stop()
