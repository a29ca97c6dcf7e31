"""F-20: nobody waits for a client that is slow. Whole: 500 sockets; ``make test``: a tenth."""

import json
import os
import select
import socket

from tests.fault.server.clients import (
    BODY,
    REQUEST,
    NonReadingClients,
    SlowClients,
    ask,
    wait_until,
)

SOCKETS = int(500 * float(os.environ.get("FAULT_SHARE", "0.1")))
#: Bytes of a connection, more than the system and the service hold of it.
HELD = 16 * 1024 * 1024
GUNICORNS_OWN = "from gunicorn.workers.gthread import ThreadWorker\nserving.Worker = ThreadWorker"


def test_everybody_is_answered_while_many_clients_are_slow(serve):
    server = serve()
    with SlowClients(server.port, SOCKETS):
        answers = list(ask(server.port, 60, seconds=30))

    assert answers == [200, 422] * 30
    assert "Traceback" not in server.stop()


def test_control_gunicorns_own_worker_lets_everybody_wait(serve):
    server = serve(GUNICORNS_OWN)
    with SlowClients(server.port, 20):
        answers = ask(server.port, 10, seconds=2)

        assert 0 in answers


def test_everybody_is_answered_while_many_clients_do_not_read(serve):
    server = serve()
    with NonReadingClients(server.port, SOCKETS):
        answers = list(ask(server.port, 10, seconds=5))

    assert answers == [200, 422] * 5
    assert "Traceback" not in server.stop()


def test_control_gunicorns_own_worker_waits_for_those_that_do_not_read(serve):
    server = serve(GUNICORNS_OWN)
    with NonReadingClients(server.port, 8):
        answers = ask(server.port, 10, seconds=2)

        assert 0 in answers


def test_whoever_reads_late_reads_everything_and_whoever_never_reads_is_cut_off(serve):
    server = serve("client.SENDING = 1024")
    page = server.request("GET", "/docs")[2]
    with NonReadingClients(server.port, 1, pages=30) as late:
        wait_until(lambda: server.log.read_text().count('"/docs"') > 1)
        late.sockets[0].sendall(REQUEST.replace(b"Host: x", b"Host: x\r\nConnection: close"))
        received = receive(late.sockets[0])
    cutting = serve("deadline.WRITE_SECONDS = client.WRITE_SECONDS = 0.5; client.SENDING = 1024")
    with NonReadingClients(cutting.port, 8) as never:
        gone = select.poll()
        for client in never.sockets:
            gone.register(client, 0)  # reset, as nobody waits until it reads the rest
        wait_until(lambda: len(gone.poll(0)) == 8)

    assert received.count(page) == 30
    assert received.count(b"HTTP/1.1 200 OK") == 31


def test_no_more_is_received_than_is_answered(serve):
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 256 * 1024)
        answered, sent = 0, 0
        while answered < 2000 and sent < HELD:
            if select.select([], [client], [], 0)[1]:
                sent += client.send(REQUEST * 8000, socket.MSG_DONTWAIT)
            answered += client.recv(65536).count(b"HTTP/1.1 200")

    assert sent < HELD


def test_only_a_client_that_may_go_on_is_told_so_and_told_once(serve):
    server = serve()
    head = BODY[:-1].replace(b"900", b"2").replace(b"Host", b"Expect: 100-continue\r\nHost")
    received = []
    for asked in (head, head.replace(b"HTTP/1.1", b"HTTP/1.0"), b"x" + head.replace(b": ", b" :")):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
            client.sendall(asked)
            assert server.request("GET", "/healthz")[0] == 200  # the head has been looked at
            client.sendall(b"{}")
            client.shutdown(socket.SHUT_WR)
            received.append(receive(client))

    assert [answer.count(b"HTTP/1.1 100 ") for answer in received] == [1, 0, 0]
    assert [answer.count(b" 422 ") for answer in received] == [1, 1, 0]


def receive(client: socket.socket) -> bytes:
    received = b""
    while piece := client.recv(65536):
        received += piece
    return received


def test_what_is_not_whole_in_time_is_told_so_and_nothing_is_closed_without_a_word(serve):
    server = serve("deadline.READ_SECONDS = 0.5; deadline.LOOK_EVERY = 0.1")
    for sent in (REQUEST[:30], BODY, REQUEST + REQUEST[:30]):
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
            client.sendall(sent)
            head, _, body = receive(client).rpartition(b"\r\n\r\n")

        assert head.rpartition(b"HTTP/1.1 ")[2].startswith(b"408 Request Timeout\r\n")
        assert b"Content-Type: application/problem+json" in head
        assert json.loads(body)["reason"] == "request_too_slow"
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        assert receive(client) == b""


def test_requests_that_come_in_one_go_or_ask_first_or_are_too_long_are_answered(serve):
    server = serve()
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(REQUEST * 3 + REQUEST.replace(b"healthz", b"nowhere") + REQUEST[:20])
        client.sendall(REQUEST[20:].replace(b"Host: x", b"Host: x\r\nConnection: close"))
        statuses = [part[:3] for part in receive(client).split(b"HTTP/1.1 ")[1:]]
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        head = BODY[:-1].replace(b"900", b"2").replace(b"Host", b"Expect: 100-continue\r\nHost")
        client.sendall(head)
        told = client.recv(100)
        client.sendall(b"{}")
        client.shutdown(socket.SHUT_WR)
        answered = receive(client)
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(BODY.replace(b"900", b"9000000"))
        refused = receive(client)

    assert statuses == [b"200", b"200", b"200", b"404", b"200"]
    assert told.startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert b"HTTP/1.1 422 " in answered
    assert refused.startswith(b"HTTP/1.1 413 ")
