"""The rounds: every contestant under every condition once a round, in a new order each time."""

import os
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from playwright.sync_api import Error as BrowserError

from bench.processes import BenchFailed
from bench.widget.contestants import Contestant
from bench.widget.visit import CONDITIONS, Condition, Sample, Visitor

#: Visits without an observer, which weigh the heap; the first ones say it all.
WEIGHED_ROUNDS = 5


@dataclass
class Samples:
    """Everything that was seen."""

    #: (condition, contestant) → one sample a round.
    times: dict[tuple[str, str], list[Sample]] = field(default_factory=dict)
    #: Contestant → one sample a round.
    weights: dict[str, list[Sample]] = field(default_factory=dict)
    #: Contestant → what was fetched before the choice; the same at each visit, or it shows here.
    requests: dict[str, list[list[str]]] = field(default_factory=dict)
    #: Load average of the last minute before each round.
    loads: list[float] = field(default_factory=list)


def measure(
    visitor: Visitor,
    contestants: Sequence[Contestant],
    conditions: Sequence[Condition],
    rounds: int,
    seed: int,
    progress: Callable[[str], object],
) -> Samples:
    """Make all visits.

    :param seed: decides the orders
    :param progress: called before each visit with what is visited
    :raises BenchFailed: a page did not do what its visitors do
    """
    chance = random.Random(seed)
    samples = Samples()
    for turn in range(rounds):
        samples.loads.append(round(os.getloadavg()[0], 2))
        kinds = [*(condition.name for condition in conditions), "weigh"]
        visits = [
            (contestant, kind)
            for contestant in contestants
            for kind in kinds
            if kind != "weigh" or turn < WEIGHED_ROUNDS
        ]
        chance.shuffle(visits)
        for contestant, kind in visits:
            progress(f"{contestant.name}, {kind}")
            try:
                _visit(visitor, contestant, kind, samples)
            except BrowserError as failure:
                raise BenchFailed(f"{contestant.name}, {kind}: {failure}") from failure
    return samples


def count_visits(contestants: int, conditions: int, rounds: int) -> int:
    """Return how many visits there will be."""
    return contestants * (conditions * rounds + min(rounds, WEIGHED_ROUNDS))


def _visit(visitor: Visitor, contestant: Contestant, kind: str, samples: Samples) -> None:
    name = contestant.name
    if kind == "weigh":
        samples.weights.setdefault(name, []).append(visitor.weigh(contestant))
        return
    visit = visitor.time(contestant, CONDITIONS[kind])
    samples.times.setdefault((kind, name), []).append(visit.sample)
    fetched = samples.requests.setdefault(name, [])
    if visit.requests not in fetched:
        fetched.append(visit.requests)


def values(samples: Sequence[Sample], measure: str) -> Iterator[float]:
    """Yield a measure's values, where there is one."""
    for sample in samples:
        value = sample.get(measure)
        if value is not None:
            yield value
