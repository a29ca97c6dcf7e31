"""What a thread does with an answer that is not read; two sockets, and our own clock."""

import itertools
import socket
import threading
import time
from contextlib import suppress

import pytest

from consent_server.worker import client as module
from consent_server.worker.client import KEPT, Client

LONG = bytes(range(256)) * (KEPT // 64)


@pytest.fixture
def pair():
    """What makes the service's side of a connection, with places for waiting, and the other."""
    ours, theirs = socket.socketpair()
    made = []

    def serve(places=1):
        made.append(Client(ours, threading.Semaphore(places)))
        return made[-1]

    yield serve, theirs
    for end in (*made, theirs):
        end.close()


def read(theirs: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size and (piece := theirs.recv(65536)):
        received += piece
    return received


def test_what_fits_is_left_to_the_loop(pair):
    serve, theirs = pair
    client = serve()
    answer = LONG[: KEPT // 2]
    client.sendall(answer[:1000])
    client.sendall(answer[1000:])
    left = len(client.unsent)
    received = b""
    while client.unsent:
        received += read(theirs, 1)
        client.offer()

    assert left > 0
    assert received + read(theirs, len(answer) - len(received)) == answer


@pytest.fixture
def reader(pair, monkeypatch):
    """Have the other side read what is there, twenty seconds later, whenever it is waited for."""
    _, theirs = pair
    received = bytearray()
    clock = itertools.count(step=20.0)

    class Poll:
        def register(self, *_):
            """Wait for nobody else."""

        def poll(self, milliseconds):
            with suppress(BlockingIOError):
                while milliseconds > 0 and (piece := theirs.recv(65536, socket.MSG_DONTWAIT)):
                    received.extend(piece)
            return milliseconds > 0

    monkeypatch.setattr(module.select, "poll", Poll)
    monkeypatch.setattr(module.time, "monotonic", lambda: next(clock))
    return received


def test_a_reader_that_goes_on_gets_all_of_a_long_answer(pair, reader, monkeypatch):
    monkeypatch.setattr(module, "SLOWEST", 1)
    client = pair[0]()
    client.sendall(LONG)
    left = bytes(client.unsent)
    sent = reader + read(pair[1], len(LONG) - len(reader) - len(left))

    assert sent + left == LONG
    assert 0 < len(left) <= KEPT


def test_a_reader_that_is_slower_than_the_slowest_is_cut_off(pair, reader, monkeypatch):
    monkeypatch.setattr(module, "SLOWEST", 10**9)
    with pytest.raises(BrokenPipeError):
        pair[0]().sendall(LONG)

    assert 0 < len(reader) < len(LONG)


@pytest.mark.parametrize(("places", "patience", "hurry"), [(1, 0.1, 60.0), (0, 60.0, 0.1)])
def test_a_client_that_does_not_read_holds_a_thread_for_a_while(
    pair, monkeypatch, places, patience, hurry
):
    serve, _ = pair
    monkeypatch.setattr(module, "WRITE_SECONDS", patience)
    monkeypatch.setattr(module, "HURRY_SECONDS", hurry)
    client, began = serve(places), time.monotonic()
    with pytest.raises(BrokenPipeError):
        client.sendall(LONG)

    assert time.monotonic() - began < 30
    assert client.unsent == b""
    assert client._places._value == places
