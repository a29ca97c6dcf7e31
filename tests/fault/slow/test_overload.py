"""F-14: every decision waits for the database, and there are far more of them than threads.

Whoever gets no thread is told within seconds to come again; back ends check, pages get their
script. The control, without lanes and without an end to waiting, keeps a check waiting.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest

from tests.fault.asking import DECISION, HEALTH, SCRIPT, Asking, a_check
from tests.fault.trials import IS_REPORTED, Trials

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
DECIDING = 200 if IS_REPORTED else 60
#: Seconds: what is promised, two, and what a busy machine adds.
SOON = 4.0
ATTEMPTS = 10
ONE_LINE = """
from consent_server.worker import line
line.PATIENCE = 600.0
line.LANES = {line.Lane.PAGES: line.re.compile(b"GET /readyz")}
from consent_server.cli import main
main(["serve"])
"""


@contextmanager
def locked(url):
    """Let every decision wait for the lock of a table; each gives up after two seconds."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        connection.execute("LOCK TABLE log_queue IN EXCLUSIVE MODE")
        yield


def test_whoever_gets_no_thread_is_told_and_checks_go_on(
    serving, api_key, postgresql_administrator_url
):
    trials = Trials("F-14", "more decisions than threads, and a lock", planned=20, least=1)
    service = serving()
    check = a_check(api_key("check"), service.port)
    for number in trials:
        with (
            locked(postgresql_administrator_url),
            ThreadPoolExecutor(DECIDING) as visitors,
            Asking(service.port, [check, SCRIPT, HEALTH]) as asking,
        ):
            sent = [visitors.submit(DECISION.ask, service.port) for _ in range(DECIDING)]
            decided = [answer.result() for answer in sent]
        told = [answer for answer in decided if b'"overloaded"' in answer.body]
        trials.times += [answer.seconds * 1000 for answer in told]
        trials.counts.update(told=len(told), checked=len(asking.of("check")))
        for answer in decided:
            if (answer.status, answer.retry_after) != (503, "5"):
                trials.fail(number, answer)
        for answer in told + asking.answers:
            if answer.seconds > SOON:
                trials.fail(number, answer)
        for failure in asking.failed():
            trials.fail(number, failure)
        if len(told) < DECIDING // 2 or not asking.of("check"):
            trials.fail(number, "nobody waited")
    again = DECISION.ask(service.port).status
    trials.close(engine="postgresql")

    assert trials.failures == []
    assert again == 201


def test_the_control_with_one_line_for_all_keeps_a_check_waiting(
    serving, api_key, postgresql_administrator_url
):
    service = serving(("-c", ONE_LINE))
    check = a_check(api_key("check"), service.port)
    with Asking(service.port, [DECISION] * 40) as asking, locked(postgresql_administrator_url):
        asking.wait_for(1, "decision")
        # The first one may come before the decisions that it is to wait for.
        waited_in_vain = any(check.ask(service.port, SOON).status == 0 for _ in range(ATTEMPTS))

    assert waited_in_vain
