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
from consent_server.worker.line import Lane

MOST = 6
DECISION = b"POST /v1/sites/demo/consents HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"


class Failing:
    """A listener that gives no connection; by itself of a process with as many files as it may."""

    def __init__(self, number=errno.EMFILE):
        self.number = number

    def accept(self):
        raise OSError(self.number, os.strerror(self.number))


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
    worker.accept(Failing())
    for key, _ in events:
        key.data(key.fileobj)

    assert len(events) == len(clients) < AT_ONCE
    assert [is_open(client) for client in clients] == [False] * len(clients)
    assert worker.nr_conns == 0


@pytest.mark.parametrize("number", [errno.EPERM, errno.EPROTO, errno.ENETDOWN, errno.EAGAIN])
def test_a_connection_that_cannot_be_accepted_ends_no_other(loop, number):
    worker, connect = loop
    client = connect()
    worker.accept(Failing(number))

    assert is_open(client)


def test_where_a_crowd_waits_for_threads_who_came_last_makes_room_and_is_told_so(loop):
    worker, connect = loop
    worker._taken[Lane.REST] = worker.cfg.threads
    crowd = [connect(DECISION) for _ in range(MOST - 1)]
    others = [connect() for _ in range(2)]
    told = [client.recv(4096) for client in crowd[-2:]]

    assert [b'"reason": "overloaded"' in answer for answer in told] == [True, True]
    assert [is_open(client) for client in crowd[:-2] + others] == [True] * (MOST - 1)
    assert worker.nr_conns == MOST - 1
    for conn in worker._held[Lane.REST]:
        conn.close()
