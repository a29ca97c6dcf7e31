"""Decisions arrive in any order, late and more than once; the state at the end is the same."""

import base64
import itertools

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.builders import NONE, OPTIONAL, a_decision, new_key

VISITORS = (
    base64.urlsafe_b64encode(number.to_bytes(16, "big")).decode()[:22]
    for number in itertools.count(1)
)


@some.composite
def histories(draw):
    """A visitor's decisions, each with a counter that may be used twice, and a delivery of them."""
    made = []
    for _ in range(draw(some.integers(1, 5))):
        categories = {id_: draw(some.booleans()) for id_ in OPTIONAL}
        services = draw(some.sampled_from([{}, {}, {"stats": False}, {"stats": True}]))
        action = "save"
        if not any((*categories.values(), *services.values())):
            action = draw(some.sampled_from(["save", "reject_all", "withdraw"]))
        n = draw(some.integers(1, 4))
        made.append({"action": action, "categories": categories, "services": services, "n": n})
    order = draw(some.permutations(made + draw(some.lists(some.sampled_from(made), max_size=3))))
    return order


def allowed(decision):
    """What one decision allows on its own."""
    categories = {id_ for id_, yes in decision["categories"].items() if yes}
    stats = decision["services"].get("stats", decision["categories"]["analytics"])
    return categories | ({"service stats"} if stats else set())


def expected(delivered):
    """The highest counter wins; of several decisions with it, what all of them allow."""
    newest = max(decision["n"] for decision in delivered)
    return set.intersection(*(allowed(d) for d in delivered if d["n"] == newest))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories())
def test_any_order_of_delivery_ends_in_the_same_state(decide, check, clock, history):
    visitor, token = next(VISITORS), None
    keys = {id(decision): new_key() for decision in history}
    for decision in history:
        clock.advance(seconds=1)
        key = keys[id(decision)]
        answer = decide(a_decision(consent_id=visitor, idempotency_key=key, **decision))
        assert answer.status_code in (200, 201), answer.text
        token = answer.json.get("token", token)

    clock.advance(seconds=1)
    answer = check(token, category=None)

    found = {id_ for id_ in OPTIONAL if answer["categories"][id_]["granted"]}
    stats = answer["services"].get("stats", answer["categories"]["analytics"])
    assert found | ({"service stats"} if stats["granted"] else set()) == expected(history)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=some.permutations([1, 2, 3, 3, 4, 4]))
def test_a_withdrawal_with_the_highest_counter_always_wins(decide, check, clock, order):
    visitor, tokens = next(VISITORS), []
    keys = {n: new_key() for n in order}
    for n in order:
        clock.advance(seconds=1)
        action, yes = ("withdraw", False) if n == 4 else ("accept_all", True)
        body = a_decision(
            action=action, categories=dict.fromkeys(NONE, yes), n=n, consent_id=visitor
        )
        answer = decide({**body, "idempotency_key": keys[n]})
        tokens.append(answer.json.get("token"))

    clock.advance(seconds=1)
    answers = [check(token) for token in tokens if token]

    assert {answer["granted"] for answer in answers} == {False}
    assert {answer["categories"]["analytics"]["reason"] for answer in answers} == {"withdrawn"}
