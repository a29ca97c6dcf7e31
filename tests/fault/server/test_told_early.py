"""A process that is told to end before it listens: it ends, and nobody waits half a minute for it.

The control, gunicorn's own first process, kills it when its time is over.
"""

import re
import signal
import time

import pytest

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
CONTROL = "serving.FirstProcess = serving.FirstProcess.__base__"
PATIENCE = 60.0
WORDS = ("begun", "ended")


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
    deadline = time.monotonic() + PATIENCE
    while not re.search(r"^begun 2$", service.log.read_text(), re.MULTILINE):
        assert time.monotonic() < deadline
        time.sleep(0.01)

    log = service.stop()

    begun, ended = (set(re.findall(rf"^{word} (\d+)$", log, re.MULTILINE)) for word in WORDS)
    assert begun >= {"1", "2"}
    assert (ended != begun) == is_killed
