"""Figures from samples: medians and quartiles, and differences to the baseline and the floor."""

import statistics
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from bench.widget.contestants import BASELINE, FLOOR, Contestant
from bench.widget.rounds import Samples, values
from bench.widget.visit import Condition, Sample

TIMES = (
    "fcp", "load", "seen", "rest", "cls", "tbt", "longest",
    "paint", "event", "gone", "ran", "longest_after",
)  # fmt: skip
WEIGHTS = ("heap_kb", "script_ms", "style_ms", "task_ms", "nodes")


def figures(
    samples: Samples, contestants: Sequence[Contestant], conditions: Sequence[Condition]
) -> dict[str, Any]:
    """Return contestant → its figures, JSON-ready.

    Differences are taken within a round and between medians never, so that a slow moment of the
    machine disturbs both sides alike.
    """
    return {
        contestant.name: {
            "requests": _requests(samples.requests[contestant.name]),
            "weight": _weight(samples, contestant.name),
            **{
                condition.name: _times(samples, condition.name, contestant.name)
                for condition in conditions
            },
        }
        for contestant in contestants
    }


def _times(samples: Samples, condition: str, name: str) -> dict[str, Any]:
    own = samples.times[condition, name]
    base = samples.times[condition, BASELINE.name]
    floor = samples.times[condition, FLOOR.name]
    found: dict[str, Any] = {measure: spread(list(values(own, measure))) for measure in TIMES}
    for measure in ("fcp", "load", "tbt"):
        found[f"{measure}_over_baseline"] = spread(_differences(own, base, measure))
    for measure in ("seen", "rest"):
        found[f"{measure}_over_floor"] = spread(_differences(own, floor, measure))
    ratios = [a / b for a, b in _pairs(own, floor, "rest") if b]
    found["rest_ratio"] = spread(ratios)
    return found


def _weight(samples: Samples, name: str) -> dict[str, Any]:
    own, base = samples.weights[name], samples.weights[BASELINE.name]
    return {
        **{measure: spread(list(values(own, measure))) for measure in WEIGHTS},
        **{
            f"{measure}_over_baseline": spread(_differences(own, base, measure))
            for measure in WEIGHTS
        },
    }


def _pairs(own: list[Sample], other: list[Sample], measure: str) -> list[tuple[float, float]]:
    pairs = zip(own, other, strict=True)
    return [
        (mine, theirs)
        for a, b in pairs
        if (mine := a.get(measure)) is not None and (theirs := b.get(measure)) is not None
    ]


def _differences(own: list[Sample], other: list[Sample], measure: str) -> list[float]:
    return [mine - theirs for mine, theirs in _pairs(own, other, measure)]


def _requests(seen: list[list[str]]) -> dict[str, Any]:
    """Return the most requests that a visit needed, and all hosts."""
    return {
        "count": max(map(len, seen), default=0),
        "hosts": sorted({urlsplit(address).netloc for visit in seen for address in visit}),
        "addresses": sorted({address for visit in seen for address in visit}),
    }


def spread(values: list[float]) -> dict[str, float] | None:
    """Return median and quartiles; None where nothing was measured."""
    if not values:
        return None
    points = values * 2 if len(values) == 1 else values
    low, middle, high = statistics.quantiles(points, n=4, method="inclusive")
    return {"low": round(low, 4), "median": round(middle, 4), "high": round(high, 4)}
