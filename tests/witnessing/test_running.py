"""The served process shows its logs to a witness that is served by the command line."""

import subprocess
import sys
import time
import urllib.request

import pytest

from consent_server import verification
from consent_server.ledger.cosignature import cosignatures, witness_key
from tests.builders import acceptance
from tests.server import ROOT, free_port, start

PYTHON = (sys.executable, "-m", "consent_server")


@pytest.fixture
def served_witness(tmp_path, client, site):
    """Start a witness for the log of ``demo`` from its commands; gives its key and address."""
    vkey = client.get("/v1/sites/demo/log/key").text
    (tmp_path / "logs").write_text(f"log {vkey}quorum none\n")
    words = {"env": {"PYTHONPATH": str(ROOT)}, "cwd": tmp_path}
    made = subprocess.run(
        [*PYTHON, "witness", "init", "witness.example/w"], **words, capture_output=True, check=True
    )
    port = free_port()
    command = [*PYTHON, "witness", "serve", "--logs", "logs", "--bind", f"127.0.0.1:{port}"]
    # Its output is no pipe of the run's: that would be open as long as this one lives.
    with (tmp_path / "witness.log").open("wb") as log:
        process = subprocess.Popen(command, **words, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: urllib.request.urlopen(address, timeout=10).read() == made.stdout)
        yield made.stdout.decode().strip(), address
    finally:
        process.terminate()
        process.wait(30)


def wait_for(condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise AssertionError("it did not come about")


def test_a_running_service_has_its_heads_cosigned(
    environment, tmp_path, decide, served_witness, api_key
):
    vkey, address = served_witness
    policy = tmp_path / "policy"
    policy.write_text(f"witness W {vkey} {address}\nquorum W\n")
    decide(acceptance())
    key = api_key("export")
    own = {"CONSENT_MERGE_DELAY": "2", "CONSENT_WITNESS_POLICY": str(policy)}
    server = start({**environment, **own}, tmp_path)
    try:
        path = "/v1/sites/demo/log/checkpoint?witnessed=true"

        def is_sealed():
            status, _, note = server.request("GET", path)
            return status == 200 and int(note.split(b"\n")[1]) >= 3

        wait_for(is_sealed)
        _, _, note = server.request("GET", path)
        size = note.split(b"\n")[1].decode()
        export = f"/v1/sites/demo/export?format=jsonl&checkpoint={size}"
        _, _, exported = server.request("GET", export, headers=key)
        _, _, log_key = server.request("GET", "/v1/sites/demo/log/key")
    finally:
        server.stop()

    assert len(cosignatures(note.decode(), [witness_key(vkey)])) == 1
    (tmp_path / "export.jsonl").write_bytes(exported)
    (tmp_path / "checkpoint").write_bytes(note)
    (report,) = verification.verify_all(
        [tmp_path / "export.jsonl"],
        vkey=log_key.decode(),
        checkpoint=tmp_path / "checkpoint",
        policy=policy,
    )
    assert report.is_good
    assert any("witness.example/w" in text for text in report.proved)
