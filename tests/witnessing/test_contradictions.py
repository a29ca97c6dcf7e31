"""What a witness saw and what is here are two histories: it is told, and stays told."""

from dataclasses import replace

from flask import Flask, Response

from consent_server import rowscope
from consent_server.witnessing import service as witnessing
from consent_server.witnessing.rounds import Rounds
from tests.witnessing.answers import an_answer


def test_an_older_database_is_noticed_by_the_witness_alone(
    findings, app, grow, ask, copy_of, notary
):
    """Database and data directory were set back together: nothing here contradicts itself."""
    grow(2)
    put_back = copy_of()
    grow(3)
    seen = ask()
    put_back()

    asked = ask()

    assert findings() == []
    assert asked.refusal == (
        f"witness_differs: saw a log of {seen.size} entries; here it has {seen.size - 3}"
    )


def test_a_quiet_log_that_was_set_back_is_noticed_too(
    app, grow, ask, copy_of, notary, policy, clock
):
    """The copy was cosigned when it was new: here nothing is unseen, and nobody would be asked."""
    grow(2)
    ask()
    put_back = copy_of()
    grow(3)
    ask()
    put_back()

    with app.app_context():
        Rounds(policy.witnesses[0], notary, 60).go(clock.instant)

    assert ask().refusal.startswith("witness_differs: saw a log of ")


def test_another_history_is_noticed_however_long_it_gets(
    findings, app, grow, ask, copy_of, notary, rows
):
    """Whoever has everything signs another past; without the witness nobody knows."""
    grow(2)
    put_back = copy_of()
    grow(3)
    ask()
    put_back()
    grow(3)

    asked = ask()

    assert findings() == []
    assert asked.refusal.startswith("witness_differs: saw another log than the one of ")
    grow(2)
    assert ask().refusal.startswith("witness_differs: saw another log than the one of ")
    assert [row["reason"] for row in rows("log_witness_refusals")] == ["witness_differs"]
    assert rows("log_cosignatures") == []


def test_that_it_saw_another_log_stays_told_until_it_cosigns(
    grow, ask, policy, nowhere, witness, rows
):
    grow()
    strange = Flask("strange")
    strange.add_url_rule("/add-checkpoint", "asked", an_answer("99\n", 409), methods=["POST"])
    witness.answer_with(strange)
    ask()
    ask(witness=replace(policy.witnesses[0], url=nowhere))

    assert [row["reason"] for row in rows("log_witness_refusals")] == ["witness_differs"]


def test_what_was_sealed_meanwhile_is_no_contradiction(
    app, grow, ask, notary, witness, rows, clock
):
    """Another process seals and shows the new head between the look here and the answer there."""
    grow()
    real = witness.app
    meanwhile = Flask("meanwhile")

    @meanwhile.post("/add-checkpoint")
    def add():
        witness.answer_with(real)
        # The witness answers in a thread of its own, which begins with no site's rows.
        with rowscope.every_site():
            grow()
            with app.app_context():
                witnessing.ask("demo", notary.policy.witnesses[0], notary, clock.instant)
            return Response(f"{rows('log_cosignatures')[-1]['size']}\n", 409)

    witness.answer_with(meanwhile)

    assert ask().refusal is None
    assert rows("log_witness_refusals") == []


def test_a_witness_that_forgot_what_it_cosigned_is_asked_no_further(
    grow, ask, witness, log_key, rows
):
    grow()
    ask()
    forgetful = Flask("forgetful")
    forgetful.add_url_rule("/add-checkpoint", "asked", an_answer("0\n", 409), methods=["POST"])
    witness.answer_with(forgetful)
    grow()

    assert ask().refusal.startswith("witness_forgot: cosigned ")
    assert [row["reason"] for row in rows("log_witness_refusals")] == ["witness_forgot"]
