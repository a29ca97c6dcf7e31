"""Visitors who decide, ask again until they are answered, and keep every acknowledgement."""

import http.client
import json
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.ledger.canonical import base64url_encode
from tests.builders import ORIGIN, acceptance, new_key, refusal, withdrawal

PATH = "/v1/sites/demo/consents"
HEADERS = {"Origin": ORIGIN, "Content-Type": "text/plain;charset=UTF-8"}
#: Seconds between two tries of a decision that was not acknowledged.
PAUSE = 0.02
#: Seconds after which a decision that nobody acknowledges ends the test.
PATIENCE = 120.0


@dataclass(frozen=True)
class Acknowledged:
    """A decision that the service says it keeps."""

    record_id: str
    consent_id: str | None
    n: int | None
    event: str


class Visitors:
    """Several threads, each one visitor after another, until they are told to stop."""

    def __init__(
        self, port: Callable[[], int], count: int, seed: object, *, forgetful: bool = False
    ):
        """:param port: where the service is now
        :param forgetful: ask again under another key, as a client without idempotency does
        """
        self._port = port
        self._is_forgetful = forgetful
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.acknowledged: list[Acknowledged] = []
        #: How often an answer did not come, or was a 503; how often what then was asked again was
        #: there already; and, in ``wrong``, anything else that should not be.
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._threads = [
            threading.Thread(target=self._visit, args=(random.Random(f"{seed} {number}"),))
            for number in range(count)
        ]

    def __enter__(self) -> "Visitors":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Return when so many more decisions were acknowledged, or all patience is at its end."""
        wanted, deadline = len(self.acknowledged) + more, time.monotonic() + PATIENCE
        while len(self.acknowledged) < wanted and time.monotonic() < deadline:
            time.sleep(0.001)

    def _visit(self, chance: random.Random) -> None:
        while not self._over.is_set():
            if chance.random() < 0.2:
                self._decide(refusal())
                continue
            consent_id = base64url_encode(secrets.token_bytes(16))
            is_kept = self._decide(acceptance(1, consent_id=consent_id))
            if is_kept and chance.random() < 0.4:
                self._decide(withdrawal(2, consent_id=consent_id))

    def _decide(self, body: dict[str, Any]) -> bool:
        """Send a decision until it is acknowledged; the same one, under the same key."""
        deadline, tries = time.monotonic() + PATIENCE, 0
        while time.monotonic() < deadline:
            if tries and self._is_forgetful:
                body = {**body, "idempotency_key": new_key()}
            status, answer = self._send(json.dumps(body))
            tries += 1
            if status in (200, 201):
                record = json.loads(answer)
                kept = Acknowledged(
                    record["record_id"], body.get("consent_id"), body.get("n"), body["action"]
                )
                with self._lock:
                    self.acknowledged.append(kept)
                    if status == 200 and tries > 1:
                        self.counts["kept, not answered"] += 1
                return True
            with self._lock:
                self.counts["no answer" if status is None else str(status)] += 1
                if status not in (None, 503):
                    self.wrong.append(f"{status} {answer[:200]!r}")
                    return False
            time.sleep(PAUSE)
        with self._lock:
            self.wrong.append("nobody acknowledged a decision")
        return False

    def _send(self, body: str) -> tuple[int | None, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port(), timeout=30)
        try:
            connection.request("POST", PATH, body, HEADERS)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None, b""
        finally:
            connection.close()


def lost_and_doubled(app, visitors):
    """Return what is acknowledged and not there, and what is there more often than it was sent."""
    with app.app_context():
        rows = db.session.execute(
            sa.select(ConsentRecord.record_id, ConsentRecord.subject, ConsentRecord.n)
        ).all()
        db.session.rollback()
    there = {row.record_id for row in rows}
    lost = [kept for kept in visitors.acknowledged if kept.record_id not in there]
    # Whoever was not answered asked again: each record was acknowledged to somebody.
    doubled = len(rows) - len({kept.record_id for kept in visitors.acknowledged})
    decisions = [(row.subject, row.n) for row in rows if row.subject is not None]
    return lost, doubled, len(decisions) - len(set(decisions))
