"""A real witness on loopback, and a service that shows it its logs."""

import shutil
import socket
import threading
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from consent_server.ledger.note import NoteKey
from consent_server.ledger.policy import Policy, Witness
from consent_server.sealing.audit import Audit
from consent_server.witness.cosigning import Cosigner
from consent_server.witness.keeping import SeenLogs, WitnessKey
from consent_server.witness.serving import create_witness
from consent_server.witnessing import service as witnessing
from tests.builders import refusal
from tests.log.backup import Backup


class AWitness:
    """A running witness; what it knows can be changed."""

    def __init__(self, directory: Path, name: str, clock):
        self.key = WitnessKey.create(directory, name)
        self._directory, self._clock = directory, clock
        self._server = None
        self.port = 0

    def start(self, *logs: NoteKey) -> None:
        """Answer for these logs."""
        cosigner = Cosigner(self.key, logs, SeenLogs(self._directory), lambda: self._clock.instant)
        self.answer_with(create_witness(cosigner))

    def answer_with(self, app) -> None:
        """Answer with any application, at the same address."""
        self.app = app
        if self._server is not None:
            self._server.app = app
            return
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.port = self._server.port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def lines(self, name: str) -> str:
        """What a policy says of it."""
        return f"witness {name} {self.key.public.vkey} http://127.0.0.1:{self.port}/\n"


@pytest.fixture
def log_key(app, site, notary):
    """The key of the log of the site ``demo``."""
    return notary.key(notary.origin("demo"), may_create=True)


@pytest.fixture
def a_witness(tmp_path, clock):
    """Start a witness."""
    running = []

    def start(*logs: NoteKey, name: str = "w1") -> AWitness:
        witness = AWitness(tmp_path / name, f"{name}.example", clock)
        running.append(witness)
        witness.start(*logs)
        return witness

    yield start
    for witness in running:
        witness.stop()


@pytest.fixture
def witness(a_witness, log_key):
    """A witness that knows the log of ``demo``."""
    return a_witness(log_key)


@pytest.fixture
def nowhere():
    """An address at which nobody answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def policy(notary, witness):
    """The policy of the service: this witness has to have seen a checkpoint."""
    notary.policy = Policy.parse(f"{witness.lines('W')}quorum W\n")
    return notary.policy


@pytest.fixture
def ask(app, notary, clock, policy):
    """Show the log of a site to a witness."""

    def ask(site: str = "demo", witness: Witness = policy.witnesses[0]) -> witnessing.Asked:
        with app.app_context():
            return witnessing.ask(site, witness, notary, clock.instant)

    return ask


@pytest.fixture
def checkpoint(client):
    """Fetch the newest checkpoint of a site."""
    return lambda query="": client.get(f"/v1/sites/demo/log/checkpoint{query}")


@pytest.fixture
def grow(decide, seal):
    """Add so many decisions to the log and sign it."""

    def grow(count=1):
        for _ in range(count):
            decide(refusal())
        return seal()

    return grow


@pytest.fixture
def copy_of(app, tmp_path):
    """Copy database and data directory; gives what puts both back."""

    def take():
        backup, data = Backup(app), app.extensions["consent_settings"].data_dir
        backup.take()
        shutil.copytree(data / "log", tmp_path / "copy")

        def put_back():
            backup.restore()
            shutil.rmtree(data / "log")
            shutil.copytree(tmp_path / "copy", data / "log")

        return put_back

    return take


@pytest.fixture
def findings(app, notary):
    """What the audit of the log finds."""

    def findings():
        with app.app_context():
            return [str(finding) for finding in Audit("demo", notary).findings()]

    return findings
