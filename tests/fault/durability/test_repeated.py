"""F-16 and F-32: processes are killed one by one; each decision comes up to five times, at once.

Whoever asks once more is answered by another process, and whatever comes how often is there once.
The controls: who asks once alone is not always answered; and copies under keys of their own are
other decisions.
"""

import http.client
import json
import secrets
import threading
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.ledger.canonical import base64url_encode
from consent_server.log.models import LogEntry
from tests.builders import ORIGIN, acceptance, new_key, refusal
from tests.fault.durability.published import audited
from tests.fault.durability.service import Killed
from tests.fault.trials import Trials

PATH = "/v1/sites/demo/consents"
HEADERS = {"Origin": ORIGIN, "Content-Type": "text/plain;charset=UTF-8"}
THREADS = 16
#: Copies of one decision.
MOST = 5
PAUSE = 0.05

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Repeating:
    """Sends each decision several times at once, and each copy once more where no answer comes."""

    def __init__(self, service, chance, *, own_keys=False, asks=2):
        self._service = service
        self._chance = chance
        self._own_keys = own_keys
        self._asks = asks
        self._over = threading.Event()
        #: Records by the key of the decision that the service acknowledged; and what it answered.
        self.kept: dict[str, set[str]] = defaultdict(set)
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._thread = threading.Thread(target=self._go)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def wait_for(self, more):
        wanted = len(self.kept) + more
        while len(self.kept) < wanted and not self.wrong:
            time.sleep(0.005)

    def _go(self):
        with ThreadPoolExecutor(THREADS) as threads:
            while not self._over.is_set():
                sent = [(body, threads.submit(self._twice, body)) for body in self._copies()]
                for body, answer in sent:
                    self._note(body, *answer.result())
                if self._chance.random() < 0.2:
                    self._try_to_change(sent[-1][0])

    def _copies(self):
        """Several copies of each of four decisions, in any order."""
        copies = []
        for _ in range(4):
            consent_id = base64url_encode(secrets.token_bytes(16))
            is_yes = self._chance.random() < 0.7
            body = acceptance(1, consent_id=consent_id) if is_yes else refusal()
            copies += [dict(body) for _ in range(self._chance.randint(1, MOST))]
        if self._own_keys:
            copies = [{**body, "idempotency_key": new_key()} for body in copies]
        self._chance.shuffle(copies)
        return copies

    def _note(self, body, status, answer):
        self.counts[str(status)] += 1
        if status in (200, 201):
            self.kept[body["idempotency_key"]].add(json.loads(answer)["record_id"])
        else:
            self.wrong.append(f"{status} {answer[:200]!r}")

    def _try_to_change(self, body):
        status, answer = self._twice({**body, "language": "en"})
        self.counts["changed, refused"] += status == 409
        if status != 409:
            self.wrong.append(f"changed: {status} {answer[:200]!r}")

    def _twice(self, body):
        status, answer = self._send(body)
        if status is None and self._asks > 1:
            self.counts["asked once more"] += 1
            time.sleep(PAUSE)
            status, answer = self._send(body)
        return status, answer

    def _send(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", self._service.port(), timeout=30)
        try:
            connection.request("POST", PATH, json.dumps(body), HEADERS)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return None, b""
        finally:
            connection.close()


@pytest.fixture
def service(environment, publish, tmp_path):
    publish("demo")
    made = Killed({**environment, "CONSENT_WORKERS": "3", "CONSENT_MERGE_DELAY": "2"}, tmp_path)
    yield made
    made.server.stop()


def records(app):
    with app.app_context():
        found = list(db.session.scalars(sa.select(ConsentRecord.record_id)))
        db.session.rollback()
    return found


def test_what_is_sent_up_to_five_times_while_processes_die_is_there_once(app, service, notary):
    trials = Trials("F-16, F-32", "one process killed, each decision sent 1-5 times", 300, least=2)
    with Repeating(service, trials.random) as repeating:
        for _ in trials:
            repeating.wait_for(trials.random.randint(1, 20))
            time.sleep(trials.random.random() * 0.01)
            service.kill_one(trials.random)
        for _ in range(100):  # a worker may have had no request each time
            repeating.wait_for(4)
            if repeating.counts["asked once more"]:
                break
            service.kill_one(trials.random)
        repeating.wait_for(20)
    service.server.stop()

    trials.counts.update(**repeating.counts, decisions=len(repeating.kept))
    twice = [key for key, found in repeating.kept.items() if len(found) > 1]
    for told in [*repeating.wrong, *twice]:
        trials.fail(0, told)
    trials.close(engine="postgresql")
    acknowledged = {id_ for found in repeating.kept.values() for id_ in found}
    assert trials.failures == []
    assert sorted(records(app)) == sorted(acknowledged)  # none lost, none beside
    assert repeating.counts["asked once more"] > 0
    assert repeating.counts["changed, refused"] > 0
    assert audited(app) == []
    with app.app_context():
        assert acknowledged - set(db.session.scalars(sa.select(LogEntry.record_id))) == set()


def test_the_control_that_asks_once_is_not_always_answered(service):
    trials = Trials("F-16 control", "nobody asks once more", 10, least=10)
    with Repeating(service, trials.random, asks=1) as repeating:
        for _ in trials:
            repeating.wait_for(4)
            service.kill_workers()

    assert any(told.startswith("None") for told in repeating.wrong)


def test_the_control_whose_copies_have_keys_of_their_own_is_there_more_often(app, service):
    trials = Trials("F-32 control", "copies under other keys", 1, least=1)
    with Repeating(service, trials.random, own_keys=True) as repeating:
        repeating.wait_for(8)

    assert len(records(app)) > repeating.counts["201"] // MOST
    with app.app_context():
        rows = db.session.scalars(sa.select(ConsentRecord.subject)).all()
    assert len(rows) > len(set(rows))
