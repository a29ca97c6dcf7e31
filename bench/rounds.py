"""The measurement: small slices of every route in turn, again and again."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.client import Client
from bench.contestants import ROUTES, Contestant, Route

#: Requests of each route before anything is counted, as a part of a slice.
WARM_UP = 0.5


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    rounds: int
    #: Requests of one route in one round.
    requests: int
    #: Connections of the client; few, so that it leaves the machine to the server.
    threads: int
    #: No round begins after this many seconds.
    seconds: float


@dataclass(frozen=True)
class Sample:
    """One slice: the requests of one route in one round."""

    #: CPU time of gunicorn and its workers a request, microseconds.
    cpu_us: float
    #: CPU time of the database's own processes a request, microseconds.
    database_us: float
    #: Median time of a request as the client sees it.
    median_ms: float
    per_second: float
    answers: Mapping[str, int]


#: (database, route) → one sample a round.
Samples = dict[tuple[str, str], list[Sample]]


def measure(
    contestants: Sequence[Contestant],
    client: Client,
    plan: Plan,
    progress: Callable[[], object],
    routes: Sequence[Route] = ROUTES,
) -> Samples:
    """Measure every route of every contestant once a round, to and fro.

    What else the machine does disturbs neighbours alike, and each ratio is taken within a round.

    :param progress: called after each slice
    """
    deadline = time.monotonic() + plan.seconds
    slices = [(contestant, route) for contestant in contestants for route in routes]
    warm_up = replace(plan, requests=max(plan.threads, round(plan.requests * WARM_UP)))
    for contestant, route in slices:
        _slice(contestant, route, client, warm_up)
    samples: Samples = {(contestant.database, route.name): [] for contestant, route in slices}
    for turn in range(plan.rounds):
        if turn and time.monotonic() > deadline:
            break
        for contestant, route in slices if turn % 2 == 0 else reversed(slices):
            sample = _slice(contestant, route, client, plan)
            samples[contestant.database, route.name].append(sample)
            progress()
    return samples


def _slice(contestant: Contestant, route: Route, client: Client, plan: Plan) -> Sample:
    job = replace(contestant.jobs[route.name], count=plan.requests, threads=plan.threads)
    server = contestant.server(route)
    cpu, database = server.cpu_seconds(), contestant.database_seconds()
    result = client.run(job)
    return Sample(
        cpu_us=(server.cpu_seconds() - cpu) / job.count * 1e6,
        database_us=(contestant.database_seconds() - database) / job.count * 1e6,
        median_ms=result.median_ms,
        per_second=job.count / result.seconds,
        answers=result.answers,
    )
