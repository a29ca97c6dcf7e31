"""Whether processes grow with the requests that they answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import median

from consent_server.settings import OPERATORS_THREADS, SPARE_THREADS
from tests.fault.soak.watching import Opened, Seen

#: The part of its requests after which a process has all that it will ever need.
WARM = 0.4
#: KiB by which a process may seem to grow from then on, the same for few requests and for many.
#: What is large comes and goes with connections, what is small hardly does.
MOST_KIB = {"small": 600, "large": 2500}
#: KiB by which the first process, which makes the others, may seem to grow with each of them.
MOST_OF_FIRST = 100
#: Threads that record, as the service is told, and all that ask the database.
THREADS = 2
ASKING = THREADS + SPARE_THREADS + OPERATORS_THREADS
#: Threads of a process beside them: one for health, its first one, those that look after time, logs
#: and metrics, and two that look at what sites have in force.
MOST_THREADS = ASKING + 7
#: Descriptors of a process that lead to databases: two for each connection, one for all, and those
#: of the file that counts requests.
MOST_OF_DATABASES = 2 * (ASKING + 8) + 1


@dataclass
class Soaked:
    """What was seen of a service."""

    #: How many processes answered at a time.
    processes: int
    #: What they had at many moments, from one reload to the next.
    generations: list[list[Seen]] = field(default_factory=list)
    #: Of the first process at the end of each: KiB, descriptors.
    first: list[tuple[int, Opened]] = field(default_factory=list)
    #: Names of the files that the service keeps, at the end of each.
    files: list[list[str]] = field(default_factory=list)

    @property
    def judged(self) -> list[list[Seen]]:
        """Those whose memory is judged: the first one is short, where it is not the only one."""
        return self.generations[1:] or self.generations


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Return the median of the slopes between all points (Theil, Sen): few wild ones do not matter.

    :param points: two or more, each to the right of the one before
    """
    pairs = combinations(points, 2)
    return median((up - low) / (right - left) for (left, low), (right, up) in pairs)


def settled(seen: Sequence[Seen]) -> Sequence[Seen]:
    """Return what was seen of processes that were warm."""
    return [one for one in seen if one.answered > seen[-1].answered * WARM]


def growth(soaked: Soaked, of: str) -> float:
    """Return the KiB that a process grew by with 1,000 requests: the median over generations."""
    slopes = []
    for seen in map(settled, soaked.judged):
        slopes.append(slope([(one.answered / 1000, getattr(one, of)) for one in seen]))
    return median(slopes) / soaked.processes


def found(soaked: Soaked) -> list[str]:
    """Return what grew that should not have."""
    return [*_memory(soaked), *_of_each_generation(soaked), *_over_all(soaked)]


def _memory(soaked: Soaked) -> list[str]:
    spans = [seen[-1].answered - seen[0].answered for seen in map(settled, soaked.judged)]
    grew = {of: growth(soaked, of) * median(spans) / 1000 for of in MOST_KIB}
    return [
        f"memory, {of}: {kib:.0f} KiB in a process"
        for of, kib in grew.items()
        if kib > MOST_KIB[of]
    ]


def _of_each_generation(soaked: Soaked) -> list[str]:
    wrong = []
    for number, seen in enumerate(map(settled, soaked.generations)):
        half = len(seen) // 2
        # Work beside opens a file for a moment; the least is what stays.
        before, after = (
            min(one.others.total() for one in some) for some in (seen[:half], seen[half:])
        )
        if after > before:
            wrong.append(f"descriptors of {number}: {before} became {after}, {seen[-1].others}")
        if seen[-1].threads > MOST_THREADS * soaked.processes:
            wrong.append(f"threads of {number}: {seen[-1].threads}")
        if seen[-1].databases > MOST_OF_DATABASES * soaked.processes:
            wrong.append(f"connections of {number}: {seen[-1].databases}")
    return wrong


def _over_all(soaked: Soaked) -> list[str]:
    wrong = []
    least = {min(one.others.total() for one in seen) for seen in map(settled, soaked.generations)}
    if len(least) > 1:
        wrong.append(f"descriptors after reloads: {least}")
    sizes, opened = zip(*soaked.first, strict=True)
    if any(one != opened[0] for one in opened):
        wrong.append(f"descriptors of the first process: {opened[0]} became {opened[-1]}")
    if len(sizes) > 3 and (grew := slope(list(enumerate(sizes[1:])))) > MOST_OF_FIRST:
        wrong.append(f"memory: {grew:.0f} KiB in the first process with each reload")
    # The first reload has shown how many processes there are at once.
    if len(soaked.files) > 2 and soaked.files[1] != soaked.files[-1]:
        wrong.append(f"files: {soaked.files[1]} became {soaked.files[-1]}")
    return wrong
