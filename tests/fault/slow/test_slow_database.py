"""F-13: the database takes its time. Pages get their script, and decisions an answer.

The control, a service that waits as long as it takes, answers nobody.
"""

import os
import signal

import pytest

from tests.fault.asking import DECISION, HEALTH, SCRIPT, Asking, Question, a_check
from tests.fault.server.clients import wait_until
from tests.fault.server.test_reload import children
from tests.fault.trials import Trials

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
#: Seconds that whoever decides waits at the most: three for the database, two for a thread, and
#: what the connection to a slow one takes.
LONGEST = 6.0
#: What the process does not know, and has to ask for.
UNKNOWN = [
    Question("unknown", "GET", path, {}) for path in ("/s/unknown.js", f"/widget/{'a' * 43}.js")
]
PATIENT = """
from consent_server import patience
patience.OF_A_REQUEST = patience.OF_AN_ANSWER = patience.LEAST = 600.0
from consent_server.cli import main
main(["serve"])
"""


@pytest.mark.parametrize("delay", [0.05, 0.5, 5.0])
def test_a_slow_database_keeps_no_page_and_no_thread_waiting(between, serving, api_key, delay):
    trials = Trials(f"F-13 {delay} s", "each answer takes longer", planned=10, least=1)
    service = serving()
    check = a_check(api_key("check"), service.port)
    for _ in trials:
        with Asking(service.port, [SCRIPT, HEALTH, DECISION, DECISION, check]) as asking:
            asking.wait_for(10, "script")
            between.slow_down(delay)
            asking.wait_for(4, "decision")
            asking.wait_for(20, "script")
            between.slow_down(0)
            asking.wait_for(10, "decision")
        trials.times += [answer.seconds * 1000 for answer in asking.of("script")]
        trials.counts.update(str(answer.status) for answer in asking.of("decision"))
        for answer in asking.answers:
            may_fail = answer.kind in ("decision", "check") and delay > 0.05
            if answer.status not in ((200, 201, 503) if may_fail else (200, 201)):
                trials.fail(0, answer)
            if answer.seconds > (LONGEST if answer.kind in ("decision", "check") else 1.0):
                trials.fail(0, answer)
        trials.counts["healed"] += asking.of("decision")[-1].status == 201
    trials.close(engine="postgresql")

    assert trials.failures == []
    assert trials.counts["healed"] == trials.done


def test_pages_that_ask_for_what_nobody_knows_keep_no_other_page_waiting(between, serving):
    service = serving()
    assert SCRIPT.ask(service.port).status == 200
    between.slow_down(600)
    with Asking(service.port, [SCRIPT, HEALTH, *UNKNOWN * 10]) as asking:
        asking.wait_for(10, "unknown")
        asking.wait_for(20, "script")
    between.slow_down(0)

    assert {answer.status for answer in asking.of("unknown")} == {503}
    assert {answer.status for answer in asking.of("script") + asking.of("health")} == {200}


def test_a_process_that_starts_while_the_database_is_silent_is_there_and_ends_no_other(
    between, serving
):
    service = serving()
    before = children(service.process.pid)
    between.slow_down(600)
    os.kill(*before, signal.SIGKILL)
    wait_until(lambda: children(service.process.pid) - before)
    alive, decided = HEALTH.ask(service.port).status, DECISION.ask(service.port).status
    between.slow_down(0)

    assert (alive, decided) == (200, 503)
    wait_until(lambda: DECISION.ask(service.port).status == 201)


def test_the_control_that_waits_as_long_as_it_takes_answers_nobody(between, serving):
    service = serving(("-c", PATIENT))
    assert DECISION.ask(service.port).status == 201
    between.slow_down(600)

    with Asking(service.port, [DECISION] * 8):
        waited_in_vain = DECISION.ask(service.port, LONGEST).status == 0
        between.slow_down(0)

    assert waited_in_vain
