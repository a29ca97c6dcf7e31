"""F-33: an export that ends too early is told from a whole one, wherever it was cut.

Whoever fetches an export learns of a dead worker by its last chunk, if by anything. What is left on
the disk says so itself: a whole one ends with its manifest. The control reads records alone, and
believes what it has.
"""

import http.client
import json
import socket
import time
from contextlib import closing

import pytest

from bench.log.filling import fill
from consent_server import verification
from consent_server.exports.selection import LEVELS, Selection
from consent_server.exports.service import Export
from consent_server.sealing.service import seal
from tests.application import NOW
from tests.fault.durability.service import Killed
from tests.fault.trials import SMALL_SHARE, Trials

FORMS = ("csv", "jsonl", "jsonld")
#: Of so many cuts one is behind a line, where each record that is left is whole.
ONE_IN = 3
#: Records of an export that is larger than what a connection holds: 1.2 kB each.
MANY = 20_000

#: What is streamed is the same whatever it was read from.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def filled(app, publish, notary):
    """Publish the site ``demo``, and put records into its log."""
    site = publish("demo")

    def filled(count):
        with app.app_context():
            fill(site, count, NOW)
            seal("demo", notary, NOW)

    return filled


def made(app, form, level):
    """Return an export, whole."""
    with app.app_context():
        notary = app.extensions["consent_notary"]
        return b"".join(Export(Selection("demo", level=level), form, notary).pieces())


def told(path, data):
    """Return what the verifier finds wrong with some bytes."""
    path.write_bytes(data)
    return [problem.text for problem in verification.verify(path, verification.Trusted()).problems]


def believes(data, form):
    """The control: whether somebody who reads records, and no manifest, sees nothing wrong."""
    if form == "csv":
        return data.endswith(b"\r\n")
    try:
        for line in data.splitlines()[1 if form == "jsonld" else 0 :]:
            if line.startswith(b"{"):
                json.loads(line.rstrip(b","))
    except ValueError:
        return False
    return data.endswith(b"\n")


def test_an_export_that_is_cut_at_any_byte_is_called_cut_off(app, filled, tmp_path):
    filled(300)
    files = [(form, made(app, form, level)) for form in FORMS for level in LEVELS]
    trials = Trials("F-33", "an export cut at a random byte", 20_000, 400, SMALL_SHARE)

    assert [told(tmp_path / f"whole.{form}", data) for form, data in files] == [[]] * len(files)
    for number in trials:
        form, data = trials.random.choice(files)
        # Half of them in its last lines, the manifest among them.
        least = len(data) - 2_000 if number % 2 else 1
        end = trials.random.randrange(max(least, 1), len(data))
        if number % ONE_IN == 0:
            end = max(data.rfind(b"\n", 0, end) + 1, 1)
        found = told(tmp_path / f"cut.{form}", data[:end])
        if len(found) != 1 or "cut off" not in found[0]:
            trials.fail(number, f"{form}, {end} bytes of {len(data)}: {found}")
        trials.counts["believed by the control"] += believes(data[:end], form)
    trials.close(engine="sqlite")

    assert trials.failures == []
    assert trials.counts["believed by the control"] > trials.done / ONE_IN / 2


def fetched(service, key, form, most):
    """Fetch an export whose worker dies after so many bytes; gives what arrived, and what ended it.

    Without a worker the rest of what was on its way arrives, and nothing after it.
    """
    port = service.port()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.connect()
        # Not more than this is on its way here, whatever the system would hold.
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.request("GET", f"/v1/sites/demo/export?format={form}", headers=key)
        answer = connection.getresponse()
        assert answer.status == 200
        data = answer.read(most)
        service.kill_workers()
        try:
            return data + answer.read(), None
        except http.client.IncompleteRead as cut:
            return data + cut.partial, cut
        except ConnectionError as cut:
            return data, cut


def test_an_export_whose_worker_is_killed_is_called_cut_off(
    app, filled, environment, api_key, tmp_path
):
    filled(MANY)
    trials = Trials("F-33 killed", "kill -9 within an export", planned=200, least=4)
    whole = {form: len(made(app, form, "decisions")) for form in FORMS}
    service, key = Killed(environment, tmp_path), api_key("export")
    try:
        for number in trials:
            form = FORMS[number % len(FORMS)]
            most = trials.random.randint(1, whole[form] // 4)
            data, cut = fetched(service, key, form, most)
            found = told(tmp_path / f"cut.{form}", data)
            if cut is None or len(data) >= whole[form]:
                trials.fail(number, f"{form}: not killed within it, {len(data)} bytes")
            if len(found) != 1 or "cut off" not in found[0]:
                trials.fail(number, f"{form}, {len(data)} bytes of {whole[form]}: {found}")
            trials.counts["bytes"] += len(data)
            _wait_until_ready(service)
    finally:
        log = service.server.stop()
    trials.close(engine="sqlite")

    assert trials.failures == [], log


def _wait_until_ready(service):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if service.server.request("GET", "/readyz")[0] == 200:
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.05)
    raise AssertionError("no worker came up again")
