"""Who does not cosign keeps nobody else waiting."""

import pytest
from flask import Flask, Response, request

from consent_server.witnessing import service as witnessing
from consent_server.witnessing.rounds import Rounds


def _out_of_order(status):
    """A witness that answers so; gives what it was asked."""
    asked = []
    app = Flask("out of order")

    @app.post("/add-checkpoint")
    def add():
        asked.append(request.get_data())
        return Response("", status)

    return app, asked


def test_who_does_not_answer_is_asked_less_and_less_often(
    app, grow, notary, policy, clock, witness
):
    rounds = Rounds(policy.witnesses[0], notary, merge_delay=60)
    grow()
    strange, asked = _out_of_order(429)
    witness.answer_with(strange)
    began, times = clock.instant, []
    for _ in range(600):
        with app.app_context():
            rounds.go(clock.instant)
        times += [int((clock.instant - began).total_seconds())] * (len(asked) - len(times))
        clock.advance(seconds=30)

    assert times == [0, 60, 180, 420, 900, 1860, 3780, 7380, 10980, 14580]


@pytest.mark.parametrize("status", [404, 500])
def test_one_site_that_is_refused_keeps_no_other_waiting(
    app, grow, publish, seal, notary, policy, clock, witness, rows, log_key, status
):
    publish("aaa")
    seal("aaa")
    grow()
    real = witness.app
    both = Flask("for one out of order")

    @both.post("/add-checkpoint")
    def add():
        if b"/log/aaa\n" in request.get_data():
            return Response("", status)
        return Response(
            *real.test_client().post("/add-checkpoint", data=request.get_data()).iter_encoded()
        )

    witness.answer_with(both)
    with app.app_context():
        Rounds(policy.witnesses[0], notary, merge_delay=60).go(clock.instant)

    assert len(rows("log_cosignatures")) == 1
    reasons = [row["reason"] for row in rows("log_witness_refusals", site="aaa")]
    assert reasons == [{404: "witness_rejects", 500: "witness_broken"}[status]]


def test_a_fault_of_ours_at_one_log_keeps_no_other_waiting(
    app, grow, publish, seal, notary, policy, clock, rows, monkeypatch
):
    publish("aaa")
    seal("aaa")
    grow()
    real = witnessing.given_out

    def broken(site_id, *rest):
        if site_id == "aaa":
            raise RuntimeError("a tile is gone")
        return real(site_id, *rest)

    monkeypatch.setattr(witnessing, "given_out", broken)
    with app.app_context():
        Rounds(policy.witnesses[0], notary, merge_delay=60).go(clock.instant)

    assert len(rows("log_cosignatures")) == 1
