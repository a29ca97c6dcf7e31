"""Whatever a witness answers, however slowly, ends as a cosignature or a refusal in words."""

import contextlib
import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask, Response, redirect

from consent_server.ledger.cosignature import cosign
from consent_server.witnessing import submission
from tests.witnessing.answers import an_answer


def test_a_witness_that_is_down_is_told_and_forgotten_when_it_is_back(
    grow, ask, policy, nowhere, rows, clock, checkpoint
):
    grow()
    began = clock.instant
    down = replace(policy.witnesses[0], url=nowhere)
    assert ask(witness=down).is_silent
    clock.advance(hours=2)
    asked = ask(witness=down)

    (row,) = rows("log_witness_refusals")
    assert asked.refusal.startswith("witness_silent: cannot be reached: ")
    assert (row["reason"], row["vkey"]) == ("witness_silent", down.key.vkey)
    assert str(row["since"])[:16].replace("T", " ") == began.strftime("%Y-%m-%d %H:%M")
    assert checkpoint().status_code == 200

    assert ask().refusal is None
    assert rows("log_witness_refusals") == []


def test_a_witness_that_does_not_know_the_log(grow, ask, witness):
    grow()
    witness.start()

    assert ask().refusal == "witness_rejects: answered 404"


def _of_another_key(witness, checkpoint):
    text = checkpoint().text.partition("\n\n")[0] + "\n"
    return cosign(text, witness.key.name, Ed25519PrivateKey.generate(), 7).line


ANSWERS = {
    "nothing": (an_answer(""), "witness_answer_invalid: answered without a cosignature"),
    "prose": (an_answer("fine by me\n"), "witness_answer_invalid: a line of the answer"),
    "no text": (an_answer(b"\xff\xfe\n"), "witness_answer_invalid: "),
    "endless": (lambda: Response("— " * 10 for _ in range(1_000_000)), "witness_answer_invalid: "),
    "elsewhere": (lambda: redirect("/other"), "witness_rejects: answered 302"),
    "busy": (an_answer("", 429), "witness_silent: answered 429"),
    "broken": (an_answer("", 503), "witness_broken: answered 503"),
    "conflict without a size": (an_answer("no\n", 409), "witness_differs: saw another log"),
    "absurd size": (an_answer("9" * 400, 409), "witness_differs: saw another log"),
    "larger size": (an_answer("999\n", 409), "witness_differs: saw a log of 999 entries; here"),
    "always behind": (an_answer("1\n", 409), "witness_differs: saw another log"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_whatever_a_witness_answers_is_told_in_words(name, grow, ask, witness, rows):
    answer, told = ANSWERS[name]
    grow(3)
    app = Flask("strange")
    app.add_url_rule("/add-checkpoint", "asked", answer, methods=["POST"])
    app.add_url_rule("/other", "other", an_answer("never asked"))
    witness.answer_with(app)

    assert ask().refusal.startswith(told)
    assert rows("log_cosignatures") == []


def _signed_by(witness, text, seconds):
    return cosign(text, witness.key.name, witness.key.private, seconds).line


@pytest.mark.parametrize("year", [1970, 2025, 9999])
def test_a_time_that_is_not_now_is_no_time(grow, ask, witness, checkpoint, rows, year):
    grow()
    text = checkpoint().text.partition("\n\n")[0] + "\n"
    seconds = int(datetime(year, 6, 1, tzinfo=UTC).timestamp())
    app = Flask("clock")
    line = _signed_by(witness, text, seconds)
    app.add_url_rule("/add-checkpoint", "asked", an_answer(line), methods=["POST"])
    witness.answer_with(app)

    assert ask().refusal.startswith("witness_answer_invalid: says that it saw")
    assert rows("log_cosignatures") == []


def test_a_cosignature_of_another_text_is_none(grow, ask, witness, checkpoint, clock, rows):
    """It verifies beside the note with the answer, and beside the checkpoint it is wrong."""
    grow()
    note = checkpoint().text
    line = _signed_by(witness, note, int(clock.instant.timestamp()))
    app = Flask("cunning")
    app.add_url_rule("/add-checkpoint", "asked", an_answer("\n" + line), methods=["POST"])
    witness.answer_with(app)

    assert ask().refusal.startswith("witness_answer_invalid: ")
    assert rows("log_cosignatures") == []
    assert checkpoint().text == note


@pytest.mark.parametrize(
    "how", ["byte by byte", "headers", "continue", "negative chunk", "garbage"]
)
def test_who_answers_without_end_is_cut_off(grow, ask, policy, monkeypatch, how):
    monkeypatch.setattr(submission, "WHOLE", 0.5)
    grow()
    begin = b"HTTP/1.1 200 OK\r\n"
    sent = {
        "byte by byte": begin + b"Content-Length: 60000\r\n\r\n",
        "headers": begin + b"X-A: ",
        "continue": b"",
        "negative chunk": begin + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n",
        "garbage": b"\x16\x03\x01 what\r\n\r\n",
    }[how]
    more = b"HTTP/1.1 100 Continue\r\n\r\n" if how == "continue" else b"a"

    with _trickle(sent, more) as url:
        began = time.monotonic()
        asked = ask(witness=replace(policy.witnesses[0], url=url))

    assert asked.refusal.startswith(("witness_silent: ", "witness_answer_invalid: "))
    assert time.monotonic() - began < 20


@contextlib.contextmanager
def _trickle(first, more):
    """Answer with some bytes, then with the others again and again."""
    over = threading.Event()

    def answer(listener):
        with contextlib.suppress(OSError):
            stream, _ = listener.accept()
            with stream:
                stream.sendall(first)
                while not over.wait(0.02):
                    stream.sendall(more)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        thread = threading.Thread(target=answer, args=(listener,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def test_a_cosignature_by_another_key_is_none(grow, ask, witness, checkpoint, rows):
    grow()
    line = _of_another_key(witness, checkpoint)
    app = Flask("impostor")
    app.post("/add-checkpoint")(an_answer(line))
    witness.answer_with(app)

    assert ask().refusal.startswith("witness_answer_invalid: answered without")
    assert rows("log_cosignatures") == []
