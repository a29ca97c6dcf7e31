"""What is asked, and how often: as pages, visitors, back ends and auditors would, some in error."""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from consent_server.ledger.canonical import base64url_encode
from tests.builders import ORIGIN, acceptance, new_key, refusal, withdrawal
from tests.fault.durability.visitors import HEADERS as PAGE
from tests.fault.durability.visitors import PATH, Acknowledged
from tests.fault.soak.traffic import Answer, Client, Traffic

SITE = "/v1/sites/demo"
#: Visitors that one client remembers.
MOST = 100
#: Bodies are made once: what takes time is to be the service.
YES, NO, BACK = acceptance(1), refusal(), withdrawal(2)

OWN = ("json", "jsonld", "csv")
RECEIPTS = ("jsonld", "html", "kantara", "jwt")
EXPORTS = ("csv", "jsonl", "jsonld")
AUDITED = (
    *(f"{SITE}/consents/{{record}}/proof?format={form}" for form in ("pack", "html", "tlog-proof")),
    f"{SITE}/consents?limit=20",
    f"{SITE}/log/checkpoint",
)
WATCHED = ("/healthz", "/readyz", "/docs", "/.well-known/jwks.json")
Error = tuple[str, int, str, str, str | None]
#: What it is, its answer, where, how, what is sent.
ERRORS: list[Error] = [
    ("no JSON", 400, PATH, "POST", "{"),
    ("another text", 409, PATH, "POST", json.dumps({**YES, "bundle": "A" * 43})),
    ("an unknown member", 422, PATH, "POST", json.dumps({**YES, "more": 1})),
    ("a long body", 413, PATH, "POST", "x" * 70_000),
    ("no site", 404, "/v1/sites/nobody/bundle", "GET", None),
    ("a token that is none", 200, "/v1/check?site=demo&category=analytics&token=e30", "GET", None),
    ("no address", 404, "/v1/nothing", "GET", None),
    ("another method", 405, f"{SITE}/bundle", "DELETE", None),
]


@dataclass
class Visitor:
    """Somebody who granted, and may come again."""

    consent_id: str
    n: int
    token: str
    kept: list[Acknowledged] = field(default_factory=list)


class Mix:
    """What one client asks; each visitor is its own."""

    def __init__(self, traffic: Traffic, key: dict[str, str]):
        """:param key: header of an API key for checks and exports"""
        self._traffic = traffic
        self._key = key
        self._visitors: list[Visitor] = []
        self._tag = ""
        self._began = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        weights = self._weights()
        self._kinds, self._often = list(weights), list(weights.values())
        self._all = [*self._in_each_form(), *self._kinds, self.grants, self.grants]

    def __call__(self, client: Client) -> None:
        """Ask one thing; at first each thing once, as some are loaded when they are needed."""
        if self._all:
            self._all.pop()(client)
            return
        (kind,) = client.chance.choices(self._kinds, self._often)
        kind(client)

    def _weights(self) -> dict[Callable[[Client], None], float]:
        return {
            self.grants: 16,
            self.refuses: 6,
            self.withdraws: 6,
            self.is_checked: 20,
            self.are_checked: 5,
            self.loads_the_script: 20,
            self.loads_the_bundle: 5,
            self.looks_at_the_own: 3,
            self.takes_a_receipt: 2,
            self.erases: 1,
            self.asks_in_error: 8,
            self.is_audited: 3,
            self.is_watched: 3,
            self.is_exported: 0.2,
        }

    def grants(self, client: Client) -> None:
        consent_id = base64url_encode(secrets.token_bytes(16))
        told, kept = self._decides(client, {**YES, "consent_id": consent_id})
        if len(self._visitors) >= MOST:
            self._visitors.pop(client.chance.randrange(MOST))
        self._visitors.append(Visitor(consent_id, 1, told["token"], [kept]))

    def refuses(self, client: Client) -> None:
        self._decides(client, NO)

    def withdraws(self, client: Client) -> None:
        visitor = self._somebody(client)
        visitor.n += 1
        body = {**(BACK if visitor.n % 2 == 0 else YES), "consent_id": visitor.consent_id}
        told, kept = self._decides(client, {**body, "n": visitor.n})
        visitor.token = told["token"]
        visitor.kept.append(kept)

    def is_checked(self, client: Client) -> None:
        path = f"/v1/check?site=demo&category=analytics&token={self._somebody(client).token}"
        client.ask("check", path, 200, headers=self._key)

    def are_checked(self, client: Client) -> None:
        asked = [{"token": self._somebody(client).token} for _ in range(10)]
        body = json.dumps({"site": "demo", "checks": asked})
        headers = {**self._key, "Content-Type": "application/json"}
        client.ask("checks", "/v1/check", 200, method="POST", body=body, headers=headers)

    def loads_the_script(self, client: Client) -> None:
        headers = {"If-None-Match": self._tag} if client.chance.random() < 0.5 else {}
        answer = client.ask("script", "/s/demo.js", 200, 304, headers=headers)
        self._tag = answer.headers.get("ETag", self._tag)

    def loads_the_bundle(self, client: Client) -> None:
        client.ask("bundle", f"{SITE}/bundle", 200, headers={"Origin": ORIGIN})

    def looks_at_the_own(self, client: Client, form: str | None = None) -> None:
        form = form or client.chance.choice(OWN)
        self._of_the_own(client, "own records", f"{SITE}/me?format={form}")

    def takes_a_receipt(self, client: Client, form: str | None = None) -> None:
        form = form or client.chance.choice(RECEIPTS)
        self._of_the_own(client, "receipt", f"{SITE}/me/receipt?format={form}")

    def erases(self, client: Client) -> None:
        visitor = self._somebody(client)
        self._visitors.remove(visitor)
        headers = {"Origin": ORIGIN, "Consent-Id": visitor.consent_id}
        # Where the first answer was that the database is away, it may have been done.
        client.ask("erasure", f"{SITE}/me", 200, 404, method="DELETE", headers=headers)
        self._traffic.forget(visitor.kept)

    def asks_in_error(self, client: Client, error: Error | None = None) -> None:
        kind, expected, path, method, body = error or client.chance.choice(ERRORS)
        headers = {**(PAGE if method == "POST" else {}), **self._key}
        client.ask(f"in error: {kind}", path, expected, method=method, body=body, headers=headers)

    def is_audited(self, client: Client, path: str | None = None) -> None:
        record = self._somebody(client).kept[-1].record_id
        path = (path or client.chance.choice(AUDITED)).format(record=record)
        # What has come this moment waits for its place in the log.
        client.ask("audit", path, 200, 409, headers=self._key)

    def is_watched(self, client: Client, path: str | None = None) -> None:
        client.ask("watch", path or client.chance.choice(WATCHED), 200)

    def is_exported(self, client: Client, form: str | None = None) -> None:
        form = form or client.chance.choice(EXPORTS)
        path = f"{SITE}/export?format={form}&from={self._began}"
        # One that is on its way when the database goes ends too early, and says so.
        expected = (200, 0) if self._traffic.may_be_away else (200,)
        client.ask("export", path, *expected, headers=self._key)

    def _in_each_form(self) -> Iterator[Callable[[Client], None]]:
        """Yield what asks for all that there is, once."""
        for forms, kind in (
            (OWN, self.looks_at_the_own),
            (RECEIPTS, self.takes_a_receipt),
            (ERRORS, self.asks_in_error),
            (AUDITED, self.is_audited),
            (WATCHED, self.is_watched),
            (EXPORTS, self.is_exported),
        ):
            for form in forms:
                yield lambda client, kind=kind, form=form: kind(client, form)

    def _of_the_own(self, client: Client, kind: str, path: str) -> None:
        headers = {"Origin": ORIGIN, "Consent-Id": self._somebody(client).consent_id}
        client.ask(kind, path, 200, headers=headers)

    def _somebody(self, client: Client) -> Visitor:
        return client.chance.choice(self._visitors)

    def _decides(self, client: Client, body: dict[str, Any]) -> tuple[dict[str, Any], Acknowledged]:
        body = {**body, "idempotency_key": new_key()}
        answer: Answer = client.ask(
            "decision", PATH, 200, 201, method="POST", body=json.dumps(body), headers=PAGE
        )
        told = json.loads(answer.body)
        kept = Acknowledged(
            told["record_id"], body.get("consent_id"), body.get("n"), body["action"]
        )
        self._traffic.keep(kept)
        return told, kept
