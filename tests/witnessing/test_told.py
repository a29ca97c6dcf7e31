"""An operator is told who does not cosign: on the command line, by selfcheck, in the metrics."""

from dataclasses import replace

import pytest
from flask import Flask, Response

from consent_server.ledger.policy import PolicyInvalid
from consent_server.metrics import catalogue
from consent_server.operations.measuring import measure
from consent_server.operations.selfcheck.logs import witness as line_of
from consent_server.witnessing.policyfile import read_policy
from tests.builders import refusal
from tests.cli.conftest import run  # noqa: F401 (a fixture)


@pytest.fixture
def sealed(decide, seal):
    decide(refusal())
    return seal()


@pytest.fixture
def told(app, policy, clock):
    """What selfcheck says of the witnesses, and what is measured of them."""

    def told():
        with app.app_context():
            line = line_of(policy, clock.instant)
            found = measure(app.extensions["consent_settings"], policy, clock.instant)
        refusals = {
            key[1]: count
            for key, count in found.items()
            if key[0] == catalogue.REFUSALS_OF_WITNESSES.name
        }
        return line.status, line.seen, refusals, found[(catalogue.UNWITNESSED.name,)]

    return told


def test_a_witness_that_cosigns_is_fine(sealed, ask, told):
    ask()

    assert told() == ("ok", "1, and what is older than a day was cosigned", {}, 0.0)


def test_a_day_of_silence_is_told(sealed, ask, told, policy, nowhere, clock):
    ask(witness=replace(policy.witnesses[0], url=nowhere))
    assert told()[0] == "ok"
    clock.advance(hours=24, seconds=1)

    status, seen, refusals, seconds = told()

    assert (status, refusals, seconds) == ("warn", {"witness_silent": 1.0}, 86_401.0)
    assert seen == "nothing cosigned for a day: W on demo"


def test_that_nobody_was_ever_asked_is_told(sealed, told, clock):
    clock.advance(hours=24, seconds=1)

    assert told()[0] == "warn"


def test_who_is_no_witness_any_more_is_forgotten(sealed, ask, told, notary, policy, nowhere, clock):
    ask(witness=replace(policy.witnesses[0], url=nowhere))
    clock.advance(hours=30)
    ask()

    assert told() == ("ok", "1, and what is older than a day was cosigned", {}, 0.0)


def test_another_log_is_told_at_once(app, sealed, ask, told, witness):
    strange = Flask("strange")
    strange.post("/add-checkpoint")(lambda: Response("99\n", 409))
    witness.answer_with(strange)
    ask()

    status, seen, refusals, _ = told()

    assert (status, seen) == ("warn", "saw another log than the one here: W on demo")
    assert refusals == {"witness_differs": 1.0}


@pytest.fixture
def command(
    run,  # noqa: F811
    monkeypatch,
    tmp_path,
    witness,
    sealed,
):
    """Run a command of a service whose policy is in a file."""
    policy = tmp_path / "policy"
    policy.write_text(f"{witness.lines('W')}quorum W\n")
    monkeypatch.setenv("CONSENT_WITNESS_POLICY", str(policy))
    return run


def test_the_command_asks_and_says_what_came_of_it(command):
    answer = command("log", "witness", "demo")

    assert (answer.exit_code, answer.stdout) == (0, "demo  W  cosigned 3 entries\n")


def test_the_command_fails_where_a_witness_does_also_when_it_has_cosigned(command, witness):
    assert command("log", "witness").exit_code == 0
    witness.start()  # it no longer knows the log

    answer = command("log", "witness")

    assert answer.exit_code == 1
    assert answer.stdout.endswith("demo  W  witness_rejects: answered 404\n")


@pytest.mark.one_row_in(2)
@pytest.mark.parametrize(
    ("url", "is_taken"),
    [
        ("https://w.example", True),
        ("https://w.example:8443/consent/", True),
        ("http://127.0.0.1:8100", True),
        ("http://w.example", False),
        ("ftp://w.example", False),
        ("https://user@w.example", False),
        ("https://w.example/?x=1", False),
        ("https://w.example:99999", False),
        ("w.example", False),
    ],
)
def test_an_address_that_somebody_could_answer_for_is_refused(url, is_taken, witness, tmp_path):
    path = tmp_path / "policy"
    path.write_text(f"witness W {witness.key.public.vkey} {url}\nquorum W\n")

    try:
        read_policy(path)
    except PolicyInvalid as refusal:
        assert not is_taken
        assert str(refusal) == "the address of W must be https://HOST/PATH"
    else:
        assert is_taken
