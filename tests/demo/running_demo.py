"""Start the demonstration as a person does, on free ports and in a folder of its own."""

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PORTS = ("CONSENT_BIND", "DEMO_SHOP_BIND", "DEMO_ANALYTICS_BIND")
START_SECONDS = 60.0


class RunningDemo:
    """``python -m demo`` and what it says."""

    def __init__(self, data_dir: Path, **environment: str):
        self.data_dir = data_dir
        self.environment = {
            **{name: value for name, value in os.environ.items() if "CONSENT" not in name},
            **dict(zip(PORTS, _free_addresses(), strict=True)),
            "CONSENT_DATA_DIR": str(data_dir),
            **environment,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "demo"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self.said = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_for_address(self) -> str:
        """Wait until it says where the shop is; return that address.

        :raises AssertionError: it ended instead, or said nothing for a minute
        """
        while True:
            try:
                line = self._lines.get(timeout=START_SECONDS)
            except queue.Empty:
                line = None
            assert line is not None, f"no address; the demo said:\n{self.said}"
            if found := re.match(r"Open (http://\S+)", line):
                return found[1]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it with a signal; return its exit code."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        code = self._process.wait(START_SECONDS)
        self._reader.join(START_SECONDS)
        assert not self._reader.is_alive(), "a process that the demo started outlives it"
        if self._process.stdout:
            self._process.stdout.close()
        return code

    def origin(self, variable: str) -> str:
        """Return the origin of one of the three servers."""
        return f"http://{self.environment[variable]}"

    def command(self, *words: str) -> str:
        """Run the service's command line on the same data and return what it says."""
        command = [sys.executable, "-m", "consent_server", *words]
        said = subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=START_SECONDS,
        )
        return said.stdout

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said += line
            self._lines.put(line)
        self._lines.put(None)


def fetch(url: str, *, post: Any = None, origin: str | None = None) -> str:
    """Return the body of an answer.

    :param post: sent as JSON; as ``text/plain`` with an origin, the way the widget does
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    headers = {"Content-Type": "application/json"} if post is not None else {}
    if origin is not None:
        headers = {"Content-Type": "text/plain;charset=UTF-8", "Origin": origin}
    body = json.dumps(post).encode() if post is not None else None
    request = urllib.request.Request(url, data=body, headers=headers)
    with opener.open(request, timeout=START_SECONDS) as answer:
        text: str = answer.read().decode()
        return text


def is_open(address: str) -> bool:
    """Say whether something listens at ``host:port``."""
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0


def _free_addresses() -> list[str]:
    """Return three addresses that were free a moment ago."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    addresses = [f"127.0.0.1:{one.getsockname()[1]}" for one in held]
    for one in held:
        one.close()
    return addresses
