"""A private, throw-away PostgreSQL cluster: made in a second, gone without a trace."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.machine.tool import Tool

#: Durability is worth nothing for data that dies with the session, and costs half of its time.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "timezone": "UTC",
}
STARTUP_SECONDS = 60


@dataclass
class Cluster:
    """A running server that belongs to the process that started it."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"
    _stopped: bool = field(default=False)

    def url(self, database: str = "postgres") -> str:
        """Return the SQLAlchemy address of one database of this cluster."""
        return f"postgresql+psycopg://consent@127.0.0.1:{self.port}/{database}"

    def fail(self) -> None:
        """End the server at once, as a crash does: nothing is written, clients are cut off."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(20)

    def stop(self) -> None:
        """Stop the server and remove its files; once, however often it is asked."""
        if self._stopped:
            return
        self._stopped = True
        self.process.send_signal(signal.SIGINT)  # fast shutdown: open connections end too
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(tool: Tool, settings: Mapping[str, str] = SETTINGS) -> Cluster:
    """Make a cluster in a temporary folder and wait until it answers.

    :param tool: the server binaries, see ``postgresql.find``
    :param settings: of the server; what is measured must not be measured without durability
    :raises RuntimeError: initdb or the server failed; the message ends with what it said
    """
    folder = Path(tempfile.mkdtemp(prefix="consent-pg-"))
    try:
        owner = unprivileged(folder)
        _initialise(tool, folder, owner)
        port = _free_port()
        process = _launch(tool, folder, port, owner, settings)
        return _wait_until_ready(Cluster(folder, port, process), tool)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def follow(
    primary: Cluster, tool: Tool, settings: Mapping[str, str], port: int | None = None
) -> Cluster:
    """Make a standby that streams from another server, and wait until it answers.

    :param port: where it listens; any that is free without one
    :raises RuntimeError: the copy or the server failed
    """
    folder = Path(tempfile.mkdtemp(prefix="consent-pg-"))
    try:
        owner = unprivileged(folder)
        command = [f"{tool.path}/pg_basebackup", "-D", f"{folder}/data", "-U", "consent", "-R"]
        command += ["-h", "127.0.0.1", "-p", str(primary.port), "-c", "fast", "--no-sync"]
        done = subprocess.run(command, capture_output=True, text=True, **owner)
        if done.returncode != 0:
            raise RuntimeError(f"pg_basebackup of {tool.path} failed:\n{done.stderr}")
        port = port or _free_port()
        process = _launch(tool, folder, port, owner, settings)
        return _wait_until_ready(Cluster(folder, port, process), tool)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def start_again(cluster: Cluster, tool: Tool, settings: Mapping[str, str]) -> None:
    """Start the server of a cluster that failed, at the same address, and wait until it answers.

    :raises RuntimeError: it does not recover
    """
    owner = unprivileged(cluster.folder)
    cluster.process = _launch(tool, cluster.folder, cluster.port, owner, settings)
    _wait_until_ready(cluster, tool)


def unprivileged(folder: Path) -> dict[str, Any]:
    """Give the folder to another user and become that one: neither server runs as root."""
    if os.geteuid() != 0:
        return {"cwd": folder}
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"cwd": folder, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _initialise(tool: Tool, folder: Path, owner: dict[str, Any]) -> None:
    command = [f"{tool.path}/initdb", "-D", f"{folder}/data", "-U", "consent", "-A", "trust"]
    command += ["-E", "UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(command, capture_output=True, text=True, **owner)
    if done.returncode != 0:
        raise RuntimeError(f"initdb of {tool.path} failed:\n{done.stdout}{done.stderr}")


def _launch(
    tool: Tool, folder: Path, port: int, owner: dict[str, Any], settings: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    command = [f"{tool.path}/postgres", "-D", f"{folder}/data", "-p", str(port), "-k", str(folder)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    with (folder / "log").open("wb") as log:
        # A session of its own: Ctrl-C reaches the tests, and they stop the server in order.
        return subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, **owner)


def _wait_until_ready(cluster: Cluster, tool: Tool) -> Cluster:
    deadline = time.monotonic() + STARTUP_SECONDS
    question = [f"{tool.path}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(cluster.port)]
    while cluster.process.poll() is None and time.monotonic() < deadline:
        if subprocess.run(question).returncode == 0:
            return cluster
        time.sleep(0.05)
    said = (cluster.folder / "log").read_text(errors="replace")
    cluster.stop()
    raise RuntimeError(f"the PostgreSQL server of {tool.path} did not start:\n{said}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
