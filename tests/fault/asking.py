"""Pages and back ends that ask a service again and again, and note what is answered, and when.

Nothing is asked again: what fails is seen.
"""

import http.client
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from consent_server.ledger.canonical import base64url_encode
from tests.builders import ORIGIN, acceptance

DECISIONS = "/v1/sites/demo/consents"
PAGE = {"Origin": ORIGIN, "Content-Type": "text/plain;charset=UTF-8"}
#: Seconds after which nobody will answer any more.
PATIENCE = 60.0
#: Seconds between an answer and the next question: what is measured is the service, not this.
PAUSE = 0.03


@dataclass(frozen=True)
class Answered:
    """What came of one question."""

    kind: str
    #: 0 where no answer came.
    status: int
    retry_after: str | None
    body: bytes
    #: From the question to the last byte.
    seconds: float
    #: By the monotonic clock, when it was asked.
    asked_at: float


@dataclass(frozen=True)
class Question:
    """Something to ask, again and again."""

    kind: str
    method: str
    path: str
    headers: dict[str, str]
    body: Callable[[], dict[str, Any]] | None = None

    def ask(self, port: int, patience: float = PATIENCE) -> Answered:
        """Ask once, on a connection of its own."""
        body = None if self.body is None else json.dumps(self.body())
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
        status, after, received = 0, None, b""
        try:
            connection.request(self.method, self.path, body, self.headers)
            answer = connection.getresponse()
            status, after = answer.status, answer.headers.get("Retry-After")
            received = answer.read()
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        return Answered(self.kind, status, after, received, time.monotonic() - began, began)


def _a_first_yes() -> dict[str, Any]:
    return acceptance(1, consent_id=base64url_encode(secrets.token_bytes(16)))


DECISION = Question("decision", "POST", DECISIONS, PAGE, _a_first_yes)
SCRIPT = Question("script", "GET", "/s/demo.js", {})
HEALTH = Question("health", "GET", "/healthz", {})


def a_check(key: dict[str, str], port: int) -> Question:
    """Return the question of a back end about somebody who decides for it now.

    :param key: the header that carries an API key
    """
    token = json.loads(DECISION.ask(port).body)["token"]
    path = f"/v1/check?site=demo&category=analytics&token={token}"
    return Question("check", "GET", path, key)


class Asking:
    """A thread for each question, until they are told to stop."""

    def __init__(self, port: int, questions: Iterable[Question]):
        self._port = port
        self._over = threading.Event()
        self.answers: list[Answered] = []
        self._threads = [
            threading.Thread(target=self._ask, args=(question,)) for question in questions
        ]

    def __enter__(self) -> "Asking":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int, kind: str) -> None:
        """Return when so many more questions of a kind were answered, however."""
        wanted = len(self.of(kind)) + more
        deadline = time.monotonic() + 2 * PATIENCE
        while len(self.of(kind)) < wanted:
            assert time.monotonic() < deadline, f"nobody answers: {kind}"
            time.sleep(0.005)

    def of(self, kind: str) -> list[Answered]:
        """Return what was answered to one kind of question."""
        return [answer for answer in self.answers.copy() if answer.kind == kind]

    def failed(self) -> list[tuple[str, int, bytes]]:
        """Return what was answered otherwise than with what was asked for."""
        return [
            (answer.kind, answer.status, answer.body[:300])
            for answer in self.answers.copy()
            if answer.status not in (200, 201)
        ]

    def acknowledged(self) -> list[str]:
        """Return the ids of the records that the service says it keeps."""
        kept = [answer for answer in self.of("decision") if answer.status in (200, 201)]
        return [json.loads(answer.body)["record_id"] for answer in kept]

    def _ask(self, question: Question) -> None:
        while not self._over.wait(PAUSE):
            self.answers.append(question.ask(self._port))
