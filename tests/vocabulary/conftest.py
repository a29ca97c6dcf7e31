"""Records as the service exports them, after each kind of event, with the bundle of each."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from consent_server.consents.correcting import Correction
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.retention.service import record_lapses
from consent_server.rights.service import correct
from tests.builders import OTHER_VISITOR, a_decision, acceptance, refusal, withdrawal

Told = tuple[dict[str, Any], dict[str, Any]]


@pytest.fixture
def told(app, site) -> Callable[..., Told]:
    """Read a record as it is exported, every choice complete, and its bundle."""

    def told(record_id: str, *, with_subject: bool = True) -> Told:
        with app.app_context():
            row = db.session.get_one(ConsentRecord, ("demo", record_id))
            record = row.exported(with_subject=with_subject)
            for part in ("categories", "services"):
                for id_, choice in getattr(row, part).items():
                    record[part][id_] |= {name: choice[name] for name in ("revision", "ended")}
            return record, json.loads(site.bundle)

    return told


@pytest.fixture
def every_kind(decide, told, records, clock, app) -> dict[str, Told]:
    """Return one record of each event, and one that the controller put right."""
    optional = {"functional": False, "analytics": True, "marketing": False}
    sent = {
        "partial": a_decision(),
        "renewed": a_decision(n=2),
        "changed": a_decision(n=3, categories={**optional, "functional": True}),
        "withdrawn": withdrawal(4),
        "single": a_decision(n=5, services={"video": True}),
        "refused": refusal(),
        "given": acceptance(consent_id=OTHER_VISITOR),
    }
    found = {}
    for name, body in sent.items():
        clock.advance(minutes=1)
        answer = decide(body)
        assert answer.status_code == 201, answer.text
        found[name] = told(answer.json["record_id"])
    clock.advance(minutes=1)
    with app.app_context():
        wrong = found["given"][0]["record_id"]
        right = correct("demo", wrong, Correction(["marketing"]), clock.instant)
    found["corrected"] = told(right.record_id)
    clock.advance(days=400)
    with app.app_context():
        record_lapses(clock.instant)
    expired = next(record for record in records() if record["event"] == "expired")
    return {**found, "expired": told(expired["record_id"])}
