"""A worker whose loop has ended, while a thread of it still answers."""

import os
import selectors
import socket
import threading

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from consent_server.worker.client import KEPT
from consent_server.worker.deadline import Worker

LONG = [b"x" * KEPT] * 64
#: Seconds: what has not happened by then does not happen.
PATIENCE = 15


@pytest.fixture
def worker():
    """A worker of one thread that is not told to begin."""
    config = Config()
    config.set("threads", 1)
    config.set("graceful_timeout", 0)
    made = Worker(1, os.getppid(), [], None, 30, config, Logger(config))
    made.poller = selectors.DefaultSelector()
    made.tpool = made.get_thread_pool()
    made.method_queue.init()
    pipe = made.method_queue._read_fd, made.method_queue._write_fd
    yield made
    made.tpool.shutdown(wait=False)
    made.poller.close()
    made.tmp.close()
    for end in pipe:
        os.close(end)


def test_a_thread_that_is_done_after_the_loop_writes_into_no_other_file(worker, tmp_path):
    worker.alive = False
    worker.run()
    path = tmp_path / "database"
    path.write_bytes(b"SQLite format 3")
    opened = [path.open("r+b") for _ in range(4)]

    worker.method_queue.defer(lambda: None)

    for file in opened:
        file.close()
    assert path.read_bytes() == b"SQLite format 3"


def test_a_reader_who_takes_its_time_does_not_keep_a_worker_that_ends(worker):
    is_begun = threading.Event()

    def answer(_environ, start_response):
        start_response("200 OK", [])
        is_begun.set()
        return iter(LONG)

    worker.wsgi = answer
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), timeout=30) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        worker.accept(listener)
        assert is_begun.wait(PATIENCE)
        (conn,) = worker._answering
        worker.alive = False
        worker.run()
        (thread,) = worker.tpool._threads
        thread.join(PATIENCE)
        conn.close()

        assert not thread.is_alive()
