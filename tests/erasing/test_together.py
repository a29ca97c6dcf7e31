"""Erasures, decisions, seals and audits at once, on both engines."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest

from consent_server import rowscope
from consent_server.db import db
from consent_server.erasing.erasedlist import ErasedList
from consent_server.erasing.replay import replay
from consent_server.erasing.service import erase_subject
from consent_server.sealing import service as sealing
from consent_server.sealing.audit import Audit
from tests.builders import ORIGIN, VISITOR, acceptance, refusal

VISITORS = [letter * 21 + "A" for letter in "ABCDEFGH"]


@pytest.fixture
def at_once(app):
    """Do several things at the same time, each with a session of its own."""

    def at_once(*works):
        def run(work):
            with app.app_context(), rowscope.every_site():
                try:
                    return work()
                finally:
                    db.session.remove()

        with ThreadPoolExecutor(len(works)) as pool:
            return [found.result() for found in [pool.submit(run, work) for work in works]]

    return at_once


def test_whatever_happens_at_once_the_log_is_whole_and_the_erased_are_gone(
    app, decide, at_once, seal, clock, erased, subject, notary, audit, rows
):
    for consent_id in VISITORS:
        decide(acceptance(1, consent_id=consent_id))
    seal()
    for consent_id in VISITORS[:4]:
        decide(acceptance(2, consent_id=consent_id))
    gone = [subject(consent_id) for consent_id in VISITORS[1::2]]

    def erase():
        return sum(
            erase_subject("demo", who, "art17", clock.instant, erased).records for who in gone
        )

    def decide_on():
        for consent_id in (*VISITORS[::2], *VISITORS[::2]):
            decide(refusal())
            decide(acceptance(3, consent_id=consent_id))

    def seal_on():
        for round_ in range(4):
            sealing.seal("demo", notary, clock.instant + timedelta(minutes=round_ + 1))

    def audit_on():
        return [str(finding) for _ in range(3) for finding in Audit("demo", notary).findings()]

    counts = at_once(
        erase, erase, decide_on, seal_on, audit_on, lambda: replay(erased, clock.instant)
    )

    clock.advance(hours=1)
    seal()
    assert counts[0] + counts[1] + counts[5] == 4 + 2
    assert counts[4] == audit() == []
    left = {row["subject"] for row in rows("consent_records")} - {None}
    assert left == {subject(consent_id) for consent_id in VISITORS[::2]}
    assert rows("log_alarms") == rows("log_queue") == rows("log_erasures") == []


def test_a_decision_and_an_erasure_of_one_visitor_take_turns(
    app, decide, at_once, clock, erased, subject, rows
):
    """Whichever comes first, no record is left that follows an erased one."""
    for n in range(1, 12, 2):
        decide(acceptance(n))
        who = subject()

        at_once(
            lambda n=n: decide(acceptance(n + 1)),
            lambda who=who: erase_subject("demo", who, "art17", clock.instant, erased),
        )

        left = rows("consent_records")
        assert [row["previous"] for row in left] in ([], [None])
        clock.advance(minutes=1)


def test_nobody_waits_for_the_list_with_a_transaction_open(client, decide, monkeypatch):
    """With SQLite's rollback journal two erasures would keep everybody waiting."""
    decide(acceptance())
    held, open_then = ErasedList.held, []

    @contextmanager
    def watched(list_):
        open_then.append(db.session().in_transaction())
        with held(list_):
            yield

    monkeypatch.setattr(ErasedList, "held", watched)
    answer = client.delete("/v1/sites/demo/me", headers={"Origin": ORIGIN, "Consent-Id": VISITOR})

    assert answer.status_code == 200
    assert open_then == [False, False]
