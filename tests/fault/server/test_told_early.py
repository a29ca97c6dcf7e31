"""A process that is told to end before it listens, or before it is ready: nobody waits for it long.

The control, gunicorn's own first process, kills it when its time is over.
"""

import re
import signal
import time
from types import SimpleNamespace

import pytest

from consent_server import serving
from consent_server.config import load_settings
from consent_server.worker.first import TOLD
from tests.server import start

#: A process listens to signals a while after it began.
SLOW = """
import os
import time
from consent_server import serving
from consent_server.cli import main
from consent_server.worker.deadline import Worker
{control}

listen, options, end = Worker.init_signals, serving.gunicorn_options, serving._end

def listen_late(self):
    print("begun", self.age, flush=True)
    time.sleep(1)
    listen(self)

def say_end(server, worker):
    end(server, worker)
    if worker.pid == os.getpid():
        print("ended", worker.age, flush=True)

Worker.init_signals, serving._end = listen_late, say_end
serving.gunicorn_options = lambda settings: {{**options(settings), "graceful_timeout": {patience}}}
main(["serve"])
"""
#: A process that comes later is not ready until it was told to end.
UNREADY = """
import time
from consent_server import serving
from consent_server.cli import main
from consent_server.worker.deadline import Worker

build, begin, end, told = serving.Server.load, serving.start_work, Worker.handle_exit, []

def build_late(self):
    app = build(self)
    if self._settings.metrics_path.with_name("late").exists():
        print("building", flush=True)
        while not told:
            time.sleep(0.01)
    return app

def end_told(self, *about):
    end(self, *about)
    told.append(self)

def say_begin(app):
    print("work", flush=True)
    return begin(app)

serving.Server.load, serving.start_work, Worker.handle_exit = build_late, say_begin, end_told
main(["serve"])
"""
CONTROL = "serving.FirstProcess = serving.FirstProcess.__base__"
PATIENCE = 60.0
WORDS = ("begun", "ended")


def wait_for(service, line):
    """Wait until a service has written a line."""
    deadline = time.monotonic() + PATIENCE
    while not re.search(rf"^{line}$", service.log.read_text(), re.MULTILINE):
        assert time.monotonic() < deadline
        time.sleep(0.01)


#: Seconds for which a process that ends is waited for come last.
@pytest.mark.parametrize(
    ("control", "is_killed", "patience"), [("", False, 25), (CONTROL, True, 3)]
)
def test_a_process_is_told_to_end_before_it_listens(
    environment, publish, tmp_path, control, is_killed, patience
):
    publish("demo")
    service = start(environment, tmp_path, ("-c", SLOW.format(control=control, patience=patience)))
    service.process.send_signal(signal.SIGHUP)  # another process comes
    wait_for(service, "begun 2")

    log = service.stop()

    begun, ended = (set(re.findall(rf"^{word} (\d+)$", log, re.MULTILINE)) for word in WORDS)
    assert begun >= {"1", "2"}
    assert (ended != begun) == is_killed


@pytest.fixture
def unready(environment, publish, tmp_path):
    """A service whose second process was started, and is not ready."""
    publish("demo")
    service = start({**environment, "CONSENT_WORKERS": "1"}, tmp_path, ("-c", UNREADY))
    load_settings(environment).metrics_path.with_name("late").touch()
    service.process.send_signal(signal.SIGHUP)
    wait_for(service, "building")
    yield service
    service.process.kill()


@pytest.mark.parametrize("at_once", [signal.SIGINT, signal.SIGQUIT])
def test_a_process_that_is_not_ready_ends_at_once(unready, at_once):
    unready.process.send_signal(at_once)

    assert unready.process.wait(60) == 0
    assert "SIGKILL" not in unready.stop()


def test_a_process_that_is_told_to_end_begins_no_work(unready):
    assert unready.stop().splitlines().count("work") == 1


def test_what_ends_a_process_is_not_told_to_what_python_calls_as_it_looks_for_garbage(
    app, monkeypatch
):
    """It would be ignored there, and written to the log with a trace."""
    waiting = []
    note = lambda: waiting.append(signal.pthread_sigmask(signal.SIG_BLOCK, ()))  # noqa: E731
    monkeypatch.setattr(serving.gc, "collect", note)
    monkeypatch.setattr(serving.gc, "freeze", note)

    serving._begin(SimpleNamespace(wsgi=app, alive=False))
    note()

    assert [TOLD & told for told in waiting] == [TOLD, TOLD, set()]
