"""F-31, the device's half: what two tabs of one device send arrives late, twice, in any order."""

import itertools
import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from tests.builders import ALL, NONE, OPTIONAL, a_decision, acceptance, new_key, withdrawal
from tests.fault.trials import SHARE

VISITORS = (f"{number:021d}A" for number in itertools.count(1))
EXAMPLES = max(10, math.ceil(1000 * SHARE))


@some.composite
def sent(draw):
    """What tabs sent, each its own newest number at that time, and the order of its arrival."""
    made, n = [], 0
    for _ in range(draw(some.integers(2, 6))):
        # A tab that has not heard of the other's decision takes the same number.
        n += draw(some.sampled_from([0, 1, 1])) if n else 1
        kind = draw(some.sampled_from(["accept", "save", "withdraw"]))
        categories = {"accept": ALL, "withdraw": NONE}.get(
            kind, {id_: draw(some.booleans()) for id_ in OPTIONAL}
        )
        made.append((n, kind, categories))
    if not any(kind == "withdraw" for _, kind, _ in made):
        made.append((n + 1, "withdraw", NONE))
    again = draw(some.lists(some.sampled_from(range(len(made))), max_size=3))
    order = draw(some.permutations([*range(len(made)), *again]))
    delays = draw(some.lists(some.integers(1, 30 * 24), min_size=len(order), max_size=len(order)))
    return made, order, delays


def newest(made):
    """What may be in force: what every decision of the highest number grants."""
    highest = max(n for n, _, _ in made)
    given_ = [categories for n, _, categories in made if n == highest]
    return {id_ for id_ in OPTIONAL if all(categories[id_] for categories in given_)}


def body_of(n, kind, categories, **names):
    if kind == "withdraw":
        return withdrawal(n, **names)
    if kind == "accept":
        return acceptance(n, **names)
    return a_decision(n=n, categories=categories, **names)


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=sent())
def test_no_order_of_arrival_brings_a_consent_back(decide, check, clock, history):
    made, order, delays = history
    visitor, tokens = next(VISITORS), set()
    bodies = [body_of(*each, consent_id=visitor, idempotency_key=new_key()) for each in made]
    for index, hours in zip(order, delays, strict=True):
        clock.advance(hours=hours)
        answer = decide(bodies[index])
        assert answer.status_code in (200, 201), answer.text
        tokens |= {answer.json.get("token")} - {None}

    clock.advance(seconds=1)

    for token in tokens:
        found = check(token, category=None)["categories"]
        assert {id_ for id_ in OPTIONAL if found[id_]["granted"]} == newest(made)


def test_these_orders_would_find_a_service_that_lets_the_last_arrival_win():
    brought_back = []

    @settings(max_examples=100, database=None)
    @given(history=sent())
    def last_arrival_wins(history):
        made, order, _ = history
        _, _, categories = made[order[-1]]
        granted = {id_ for id_ in OPTIONAL if categories[id_]}
        brought_back.append(not granted <= newest(made))

    last_arrival_wins()

    assert sum(brought_back) > 10
