"""What a purge says that it erased, or would erase, is what it did, or would."""

from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from consent_server.consents.correcting import Correction
from consent_server.db import db
from consent_server.erasing import restricted
from consent_server.log.models import RestrictedProof
from consent_server.retention import purging, retries
from consent_server.rights.service import correct as correct_record
from tests.builders import refusal


def test_a_dry_run_counts_what_corrects_a_record_of_nobody(
    app, decide, purge, records, clock, monkeypatch
):
    """It goes with what it corrects, however young it is, and is counted with it, once."""
    monkeypatch.setattr(purging, "FORESEEN", 1)
    wrong = decide(refusal()).json["record_id"]
    for language, when in (("en", "2026-12-01"), ("fr", "2028-11-01")):
        clock.set(f"{when}T00:00:00+00:00")
        with app.app_context():
            found = correct_record("demo", wrong, Correction(language=language), clock.instant)
        wrong = found.record_id
    clock.set("2028-12-24T00:00:00+00:00")

    assert purge(is_dry_run=True).records == purge().records == 3
    assert records() == []


def test_what_was_deleted_before_a_purge_failed_is_counted(
    app, decide, purge, clock, rows, monkeypatch
):
    monkeypatch.setattr(retries, "KEYS", 2)
    monkeypatch.setattr(restricted, "PAGE", 2)
    for _ in range(3):
        decide(refusal())
    with app.app_context():
        proofs = [
            {"site_id": "demo", "proof_id": str(at), "ends_at": clock.instant, "sealed": b""}
            for at in range(3)
        ]
        db.session.execute(sa.insert(RestrictedProof), proofs)
        db.session.commit()
    clock.advance(days=1)
    purged = purging.Purged()

    def fail():
        raise sa.exc.OperationalError(None, None, ConnectionError("it took too long"))

    with pytest.raises(sa.exc.OperationalError):
        purge(purged=purged, rest=fail)

    assert (purged.restricted_proofs, purged.idempotency_keys) == (2, 2)
    assert len(rows("restricted_proofs")) == len(rows("idempotency_keys")) == 1


def test_keys_that_another_process_deleted_meanwhile_are_counted_there(
    decide, purge, clock, rows, monkeypatch
):
    for _ in range(3):
        decide(refusal())
    clock.advance(days=1)
    writing, other = retries.writing, []

    @contextmanager
    def late():
        monkeypatch.setattr(retries, "writing", writing)
        other.append(purge())
        with writing() as connection:
            yield connection

    monkeypatch.setattr(retries, "writing", late)

    counted = purge().idempotency_keys

    assert (other[0].idempotency_keys, counted, rows("idempotency_keys")) == (3, 0, [])
