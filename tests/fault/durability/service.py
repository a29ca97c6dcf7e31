"""A service that is killed, as a whole or in part, and comes back."""

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

from tests.server import SERVE, STARTUP_SECONDS, Server, start


class Killed:
    """The service at one database, in a new process after each death of its first one."""

    def __init__(self, environment: dict[str, str], folder: Path, program: tuple[str, ...] = SERVE):
        self._environment = environment
        self._folder = folder
        self._program = program
        self.server: Server = start(environment, folder, program)

    def port(self) -> int:
        """Where it listens now."""
        return self.server.port

    def kill_workers(self) -> None:
        """Kill what answers; gunicorn's first process makes others."""
        self.kill_those(self.workers())

    def kill_those(self, pids: list[int]) -> None:
        """Kill processes that may be gone already."""
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_one(self, chance: random.Random) -> None:
        """Kill one of several that answer; return when there is another in its place."""
        before = self.workers()
        with suppress(ProcessLookupError):
            os.kill(chance.choice(before), signal.SIGKILL)
        deadline = time.monotonic() + STARTUP_SECONDS
        while len(set(self.workers()) - set(before)) < 1 or not self._all_answer():
            assert time.monotonic() < deadline, "nobody took its place"
            time.sleep(0.01)

    def _all_answer(self) -> bool:
        """Whether each process has its threads: one that only begins has a single one."""
        return all(len(list(Path(f"/proc/{pid}/task").iterdir())) > 3 for pid in self.workers())

    def kill(self) -> None:
        """Kill all of it at once, and start it anew."""
        workers = self.workers()
        self.server.process.kill()
        self.kill_those(workers)
        self.server.process.wait()
        # A worker that is gone has let go of the database's lock; it is not our child to wait for.
        while any(Path(f"/proc/{pid}").exists() for pid in workers):
            time.sleep(0.001)
        self.server = start(self._environment, self._folder, self._program)

    def workers(self) -> list[int]:
        """Return the processes that answer."""
        pid = self.server.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in children.split()]
