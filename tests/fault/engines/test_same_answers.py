"""F-56: the same requests in the same order are answered alike on SQLite and on PostgreSQL.

Each sequence is of two visitors: decisions early, late, twice, under a key of another one, on old
texts and malformed, erasures, and time that goes on or stands still.
"""

import json
import shutil
from contextlib import ExitStack

import pytest
import sqlalchemy as sa

from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.consents import deciding
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.ledger.canonical import base64url_decode
from consent_server.sealing.publishing import publish_in_log
from consent_server.sites.keys import create_key
from tests.application import NOW, Clock, ReadingClient
from tests.builders import (
    ALL,
    CHANGED_TEXT,
    NONE,
    OPTIONAL,
    ORIGIN,
    a_decision,
    a_document,
    acceptance,
    new_key,
    refusal,
)
from tests.fault.trials import SMALL_SHARE, Trials

#: Requests of a sequence, at the most.
LONGEST = 9


class Installation:
    """A service on one database, and what its random names stand for."""

    def __init__(self, environment, clock):
        self.app = create_app(load_settings(environment))
        self.app.test_client_class = ReadingClient
        self.client, self._clock = self.app.test_client(), clock
        self._names = {}
        self.tokens = []
        self.bundles = [self.publish(), self.publish(texts=CHANGED_TEXT)]
        with self.app.app_context():
            _, key = create_key("demo", ("check",), clock.instant)
        self._headers = {"Authorization": f"Bearer {key}"}

    def publish(self, **changes):
        """Publish the site; gives the hash of its bundle."""
        with self.app.app_context():
            notary = self.app.extensions["consent_notary"]
            made = publish_in_log(a_document(**changes), artifacts(), notary, self._clock.instant)
            return made.publication.bundle_hash

    def send(self, method, body, visitor):
        """Send what a visitor's browser sends; gives what was answered, without random names."""
        if method == "POST":
            answer = self.client.post(
                "/v1/sites/demo/consents",
                data=json.dumps(body),
                content_type="text/plain;charset=UTF-8",
                headers={"Origin": ORIGIN},
            )
        else:
            headers = {"Origin": ORIGIN, "Consent-Id": visitor}
            answer = self.client.open("/v1/sites/demo/me", method=method, headers=headers)
        told = answer.json
        if token := told.get("token"):
            self.tokens.append(token)
            told = {**told, "token": json.loads(base64url_decode(token.split(".")[1]))}
        return answer.status_code, self._named(told)

    def checks(self):
        """Ask about the newest tokens."""
        asked = [{"token": token} for token in self.tokens[-LONGEST:]]
        answer = self.client.post(
            "/v1/check", json={"site": "demo", "checks": asked}, headers=self._headers
        )
        return answer.status_code, self._named(answer.json)

    def records(self, visitors):
        """Return what is held of visitors, in the order in which it took effect."""
        with self.app.app_context():
            subjects = [self.app.extensions["consent_keys"].subject("demo", v) for v in visitors]
            query = sa.select(ConsentRecord).where(ConsentRecord.subject.in_(subjects))
            found = db.session.scalars(query.order_by(ConsentRecord.recorded_at)).all()
            made = [record.exported(with_subject=True) for record in found]
        return self._named(sorted(made, key=lambda record: record["subject"]))

    def _named(self, told):
        """Put the number of its first appearance in the place of each record's random id."""
        if isinstance(told, list):
            return [self._named(each) for each in told]
        if not isinstance(told, dict):
            return told
        return {
            name: self._names.setdefault(value, len(self._names))
            if name in ("record_id", "previous", "jti") and value is not None
            else self._named(value)
            for name, value in told.items()
        }

    def close(self):
        """Let go of the database."""
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def both(sqlite_url, postgresql_url, tmp_path, monkeypatch):
    """One installation on each database, and the clock that both go by."""
    clock = Clock(NOW)
    monkeypatch.setattr("consent_server.web.clock.datetime", clock)
    with ExitStack() as stack:
        made = []
        for engine, url in (("sqlite", sqlite_url), ("postgresql", postgresql_url)):
            environment = {
                "DATABASE_URL": url,
                "CONSENT_DATA_DIR": str(tmp_path / engine),
                "CONSENT_PUBLIC_URL": "https://consent.example",
            }
            if made:  # pseudonyms are made alike
                shutil.copytree(tmp_path / "sqlite" / "keys", tmp_path / engine / "keys")
            made.append(Installation(environment, clock))
            stack.callback(made[-1].close)
        assert made[0].bundles == made[1].bundles
        yield clock, *made


def a_body(random, visitor, bundles, keys):
    """Return a decision, as likely as not one that was sent in its place before."""
    n = random.randint(1, 4)
    choice = {id_: random.random() < 0.5 for id_ in OPTIONAL}
    part = {id_: yes for id_, yes in choice.items() if random.random() < 0.8}
    own = {"consent_id": visitor, "n": n}
    make, changes = random.choice(
        [
            (acceptance, own),
            (a_decision, {**own, "action": "withdraw", "categories": NONE}),
            (a_decision, {**own, "categories": choice}),
            (a_decision, {**own, "categories": part}),
            (a_decision, {**own, "categories": choice, "services": {"stats": choice["marketing"]}}),
            (a_decision, {**own, "categories": ALL, "trusted": False}),
            (a_decision, {**own, "action": "reject_all", "categories": NONE}),
            (a_decision, {**own, "action": "withdraw", "categories": {"analytics": False}}),
            (a_decision, {**own, "action": "reject_all", "categories": choice}),
            (refusal, {}),
        ]
    )
    body = make(**changes)
    body["bundle"] = random.choices([bundles[-1], bundles[0], "A" * 43], [8, 2, 1])[0]
    body["idempotency_key"] = random.choice(keys) if keys and random.random() < 0.2 else new_key()
    return body


def a_sequence(random, visitors, bundles):
    """Yield what is sent, and the milliseconds that go by after it."""
    sent = []
    for _ in range(random.randint(2, LONGEST)):
        visitor, chance = random.choice(visitors), random.random()
        if chance < 0.08:
            yield ("DELETE", None, visitor), random.choice([0, 1, 60_000])
        elif chance < 0.16:
            yield ("GET", None, visitor), 0
        else:
            keys = [body["idempotency_key"] for body in sent]
            is_again = sent and random.random() < 0.2
            body = random.choice(sent) if is_again else a_body(random, visitor, bundles, keys)
            sent.append(body)
            later = random.choices([0, 1, 60_000, 200 * 86_400_000], [4, 2, 6, 1])[0]
            yield ("POST", body, visitor), later


def compare(number, both, trials):
    """Send one sequence to both, and note where they differ."""
    clock, *services = both
    visitors = [f"{number:020d}{end}" for end in ("AA", "BA")]
    for asked, later in a_sequence(trials.random, visitors, services[0].bundles):
        answers = [each.send(*asked) for each in services]
        trials.counts[str(answers[0][0])] += 1
        if answers[0] != answers[1]:
            trials.fail(number, f"{asked}: {answers}")
        clock.advance(milliseconds=later)
    for seen in (
        [each.checks() for each in services],
        [each.records(visitors) for each in services],
    ):
        if seen[0] != seen[1]:
            trials.fail(number, seen)
    clock.advance(seconds=1)


def test_both_databases_answer_the_same_and_hold_the_same(both):
    trials = Trials("F-56", "the same on both databases", 2_000, least=8, share=SMALL_SHARE)
    for number in trials:
        compare(number, both, trials)

    trials.close(engine="sqlite, postgresql")
    assert trials.failures == []
    assert {"200", "201", "409"} <= set(trials.counts)


def test_the_control_one_that_counts_no_ties_answers_otherwise(both, monkeypatch):
    restrict = deciding._restrict

    def careless(question, held, *before):
        is_sqlite = db.engine.dialect.name == "sqlite"
        return held if is_sqlite else restrict(question, held, *before)

    monkeypatch.setattr(deciding, "_restrict", careless)
    trials = Trials("F-56 control", "ties", 100)
    for number in range(trials.planned):
        compare(number, both, trials)
        if trials.failures:
            break

    assert trials.failures
