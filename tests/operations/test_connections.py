"""Which connections the loop keeps when it may not have more."""

import errno
import os
import selectors
import socket
from concurrent.futures import Future

import pytest
from gunicorn.config import Config
from gunicorn.glogging import Logger

from consent_server.worker.deadline import AT_ONCE, Worker

MOST = 6


class NoFiles:
    """A listener of a process that has as many files open as it may."""

    def accept(self):
        raise OSError(errno.EMFILE, "too many open files")


@pytest.fixture
def loop():
    """A worker that takes six connections, driven by hand, and what connects to it."""
    config, clients = Config(), []
    config.set("worker_connections", MOST)
    config.set("threads", 2)
    worker = Worker(1, os.getpid(), [], None, 30, config, Logger(config))
    worker.poller = selectors.DefaultSelector()
    listener = socket.create_server(("127.0.0.1", 0))

    def connect(sent=b"G"):
        clients.append(socket.create_connection(listener.getsockname(), timeout=30))
        clients[-1].sendall(sent)
        worker.accept(listener)
        return clients[-1]

    yield worker, connect
    for end in (*clients, listener, *(conn.sock for conn in worker._waiting)):
        end.close()
    worker.poller.close()
    worker.tmp.close()


def is_open(client: socket.socket) -> bool:
    """Whether the other side is there; nothing was sent by it."""
    client.setblocking(False)
    try:
        return client.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def keep(worker: Worker) -> None:
    """Take the newest connection for one whose request was answered."""
    conn = list(worker._waiting)[-1]
    worker._forget(conn)
    conn.received.clear()
    conn.init()
    done: Future[bool] = Future()
    done.set_result(True)
    worker.finish_request(conn, done)


def test_whoever_was_waited_for_longest_makes_room(loop):
    worker, connect = loop
    clients = [connect()]
    keep(worker)
    clients += [connect() for _ in range(MOST + 1)]

    assert [is_open(client) for client in clients] == [False] * 3 + [True] * (MOST - 1)
    assert worker.nr_conns == MOST - 1
    assert not worker.keepalived_conns


def test_a_connection_that_made_room_is_not_counted_twice(loop):
    worker, connect = loop
    clients = [connect() for _ in range(2)]
    keep(worker)
    clients += [connect() for _ in range(2)]
    for client in clients:
        client.sendall(b"E")
    events = worker.poller.select(10)
    worker.accept(NoFiles())
    for key, _ in events:
        key.data(key.fileobj)

    assert len(events) == len(clients) < AT_ONCE
    assert [is_open(client) for client in clients] == [False] * len(clients)
    assert worker.nr_conns == 0
