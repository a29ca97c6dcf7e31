"""F-24: more than two years, day by day: decisions, ends, new texts, new keys, erasures, purges.

At each step the check API says what an oracle says that was told the same decisions; at the end the
database holds exactly what it must, and what was given out in the first days still verifies.
"""

import json
import random

import pytest

from consent_server import verification
from consent_server.ledger.canonical import base64url_decode
from consent_server.retention.purging import purge
from consent_server.retention.service import record_lapses
from consent_server.sealing.audit import Audit
from consent_server.sealing.rotation import retire, rotate
from consent_server.verification import Trusted
from tests.application import NOW
from tests.builders import NONE, OPTIONAL, ORIGIN, a_decision, withdrawal
from tests.fault.history import lives
from tests.fault.history.lives import Life, Said, days
from tests.fault.trials import IS_REPORTED, SEED, Trials

#: Of the history, and days between two looks; every day takes minutes.
DAYS, STEP = 800, 1 if IS_REPORTED else 16
#: Steps between two of each.
TOKEN_KEY, LOG_KEY, TEXT = 90 // STEP, 120 // STEP, 200 // STEP


class History:
    """The site ``demo`` and everybody who ever visited it."""

    def __init__(self, app, client, clock, publish, seal, headers, trials):
        self.app, self.client, self.clock, self.seal = app, client, clock, seal
        self._publish, self._headers, self.trials = publish, headers, trials
        self.random = random.Random(f"years {SEED}")
        self.lives: list[Life] = []
        #: What is in force; and the last one after which everybody was asked about analytics again.
        self.shown, self.material = None, 0

    @property
    def engine(self):
        """The name of the database's kind."""
        settings = self.app.extensions["consent_settings"]
        return "sqlite" if settings.is_sqlite else "postgresql"

    @property
    def now(self):
        """The one clock."""
        return self.clock.instant

    def in_app(self, work):
        """Do some work of the house."""
        with self.app.app_context():
            return work()

    def decide(self, life, body):
        """Send what a visitor decides."""
        n = len(life.said) + 1
        body = {**body, "consent_id": life.consent_id, "n": n, "bundle": self.shown.bundle_hash}
        answer = self.client.post(
            "/v1/sites/demo/consents",
            data=json.dumps(body),
            content_type="text/plain;charset=UTF-8",
            headers={"Origin": ORIGIN},
        )
        assert answer.status_code == 201, answer.text
        said = Said(
            self.now,
            answer.json["record_id"],
            {name: body["categories"][name] for name in OPTIONAL},
            self.shown.revision,
            answer.json.get("token"),
        )
        life.said.append(said)
        return answer.json

    def new_text(self, number):
        """Publish another text on analytics: every second time all are asked again."""
        texts = {"en": {"category.analytics.text": f"We count page views, version {number}."}}
        is_material = number % 2 == 1
        reason = None if is_material else "a word was misspelt"
        self.shown = self._publish("demo", reason=reason, texts=texts)
        if is_material:
            self.material = self.shown.revision

    def visits(self):
        """Let somebody come for the first time, and some of those who were here decide again."""
        newcomer = Life(len(self.lives) + 1)
        self.lives.append(newcomer)
        yes = {name: self.random.random() < 0.6 for name in OPTIONAL}
        yes["analytics"] |= not any(yes.values())
        self.decide(newcomer, a_decision(categories=yes))
        # Every third one never comes back, and is forgotten in time.
        others = (life for life in self.lives[:-1] if life.number % 3 != 1)
        back = [life for life in others if not life.is_gone(self.now)]
        for life in self.random.sample(back, min(2, len(back))):
            chance = self.random.random()
            if chance < 0.3:
                self.decide(life, withdrawal(0))
            elif chance < 0.5:
                self.decide(life, a_decision(categories={**NONE, "analytics": True}))
            elif chance < 0.55:
                self.erase(life)

    def erase(self, life):
        """Let a visitor have everything erased."""
        headers = {"Origin": ORIGIN, "Consent-Id": life.consent_id}
        assert self.client.delete("/v1/sites/demo/me", headers=headers).status_code == 200
        life.erased_at = self.now

    def housekeeping(self):
        """Do what the service does by itself: record ends, purge, seal."""
        self.clock.advance(minutes=1)
        self.in_app(lambda: record_lapses(self.now))
        self.in_app(lambda: purge(self.now, self.app.extensions["consent_erased"]))
        self.seal()

    def compare(self, step):
        """Ask the check API about everybody; note where it says something else than the oracle."""
        asked = [life for life in self.lives if life.token]
        for begin in range(0, len(asked), 50):
            part = asked[begin : begin + 50]
            checks = [{"token": life.token} for life in part]
            answer = self.client.post(
                "/v1/check", json={"site": "demo", "checks": checks}, headers=self._headers
            )
            assert answer.status_code == 200, answer.text
            for life, said in zip(part, answer.json["results"], strict=True):
                for name in OPTIONAL:
                    self._compare(step, life, name, said["categories"].get(name))

    def _compare(self, step, life, name, said):
        self.trials.counts["compared"] += 1
        is_granted = said is not None and said["granted"]
        if is_granted is not life.is_granted(
            name, self.now, self.material if name == "analytics" else 0
        ):
            self.trials.fail(step, f"visitor {life.number}, {name}: {said}")


@pytest.fixture
def history(app, client, clock, publish, seal, api_key):
    """A history that begins in an empty database."""
    trials = Trials("F-24", "800 days, day by day", planned=DAYS, least=1)
    trials.count = len(days(NOW, DAYS, STEP))
    shown = publish("demo")
    made = History(app, client, clock, publish, seal, api_key("check", "export"), trials)
    made.shown, made.material = shown, shown.revision
    return made


def given_out(history, headers, life, folder):
    """Keep what a visitor and an auditor can be given in the first days; return the files."""
    me = {"Origin": ORIGIN, "Consent-Id": life.consent_id}
    proof = f"/v1/sites/demo/consents/{life.said[0].record_id}/proof"
    answers = {
        "pack.json": history.client.get(proof, headers=headers),
        "receipt.jwt": history.client.get(
            "/v1/sites/demo/me/receipt", query_string={"format": "jwt"}, headers=me
        ),
    }
    for name, answer in answers.items():
        assert answer.status_code == 200, answer.text
        (folder / name).write_bytes(answer.data)
    return [folder / name for name in answers]


def test_two_years_pass(history, records, api_key, notary, tmp_path):
    trials, turns, kept = history.trials, 0, []
    steps = days(history.now, DAYS, STEP)
    vkey = history.client.get("/v1/sites/demo/log/key").text.strip()
    for step in trials:
        history.clock.set(steps[step])
        if step and step % TOKEN_KEY == 0:
            history.app.extensions["consent_keys"].rotate(history.now)
        if step and step % LOG_KEY == 0:
            history.in_app(lambda: rotate(notary, history.now))
        if step and step % TEXT == 0:
            turns += 1
            history.new_text(turns)
        history.visits()
        history.housekeeping()
        if step % LOG_KEY == LOG_KEY // 2 and step > LOG_KEY:
            history.in_app(lambda: retire(notary))
        history.compare(step)
        if step == 1:
            kept = given_out(history, api_key("export"), history.lives[0], tmp_path)

    expected = {
        said.record_id
        for life in history.lives
        if not life.is_gone(history.now)
        for said in life.said
    }
    found = {record["record_id"] for record in records() if record["event"] != "expired"}
    trials.counts.update(visitors=len(history.lives), kept=len(found))
    trials.close(engine=history.engine)
    assert trials.failures == []
    assert found == expected
    assert any(life.is_gone(history.now) and not life.erased_at for life in history.lives)
    # By the log's key of the first day, and the keys of tokens that are published on the last one.
    published = history.client.get("/.well-known/jwks.json").json["keys"]
    trusted = Trusted(vkey, {key["kid"]: base64url_decode(key["x"]) for key in published})
    for path in kept:
        assert verification.verify(path, trusted).problems == []
    with history.app.app_context():
        assert [str(finding) for finding in Audit("demo", notary).findings()] == []


def test_the_control_an_oracle_to_whom_a_yes_holds_two_years_disagrees(history, monkeypatch):
    monkeypatch.setattr(lives, "YEARS_A_YES_HOLDS", 2)
    for step, instant in enumerate(days(history.now, 800, 200)):
        history.clock.set(instant)
        history.visits()
        history.compare(step)

    assert history.trials.failures
