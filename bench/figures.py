"""Figures from samples: medians and quartiles, the ratio to the bare route, table and JSON."""

import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from bench.contestants import ROUTES, Contestant, Route
from bench.crowd import CONNECTIONS, MOST
from bench.rounds import Sample, Samples

HEADINGS = ("route", "CPU µs", "÷ bare", "quartiles", "target", "db µs", "median ms", "req/s")
WIDTHS = (31, 7, 7, 13, 7, 6, 10, 7)
CROWD = ("connections", "req/s", "median ms", "p99 ms", "÷ median", "target", "not as expected")
CROWD_WIDTHS = (31, 7, 10, 7, 8, 7, 15)


def figures(
    contestants: Sequence[Contestant], samples: Samples, routes: Sequence[Route] = ROUTES
) -> dict[str, Any]:
    """Return database → its facts and the figures of each route, JSON-ready."""
    return {
        contestant.database: {
            **contestant.facts,
            "processes": contestant.settings.workers,
            "threads": contestant.settings.threads,
            "routes": {
                route.name: {
                    "target": route.target,
                    **_route(
                        samples[contestant.database, route.name],
                        samples[contestant.database, routes[0].name],
                    ),
                }
                for route in routes
            },
        }
        for contestant in contestants
    }


def _route(own: list[Sample], bare: list[Sample]) -> dict[str, Any]:
    # A very short slice may fall between two ticks of the CPU clock: it has no ratio.
    ratios = [a.cpu_us / b.cpu_us for a, b in zip(own, bare, strict=True) if b.cpu_us]
    answers = sum((Counter(sample.answers) for sample in own), Counter[str]())
    return {
        "cpu_us": _spread([sample.cpu_us for sample in own]),
        "ratio": _spread(ratios),
        "database_cpu_us": _spread([sample.database_us for sample in own]),
        "median_ms": _spread([sample.median_ms for sample in own]),
        "requests_per_second": _spread([sample.per_second for sample in own]),
        "rounds": len(own),
        "answers": dict(answers),
    }


def _spread(values: list[float]) -> dict[str, float] | None:
    """Return median and quartiles; None where nothing was measured."""
    if not values:
        return None
    points = values * 2 if len(values) == 1 else values
    low, middle, high = statistics.quantiles(points, n=4, method="inclusive")
    return {"low": round(low, 3), "median": round(middle, 3), "high": round(high, 3)}


def table(report: dict[str, Any]) -> Iterator[str]:
    """Yield the lines for a person."""
    for database, found in report["databases"].items():
        shown = {k: v for k, v in found.items() if k not in ("version", "routes", "crowd")}
        facts = ", ".join(f"{name} {value}" for name, value in shown.items())
        yield f"\n{database} {found['version']}: {facts}"
        yield _line(HEADINGS)
        for route in ROUTES:
            yield _line(_cells(route.label, found["routes"][route.name]))
        yield _line((f"{CONNECTIONS} {CROWD[0]}", *CROWD[1:]), CROWD_WIDTHS)
        for route in ROUTES:
            yield _line(_of_a_crowd(route, found["crowd"][route.name]), CROWD_WIDTHS)
    for database, why in report["missing"].items():
        yield f"\n{database}: not measured, {why}"
    load = report["load_average"]
    yield f"\nload average {load['start']} at the start, {load['end']} at the end"


def _cells(label: str, figure: dict[str, Any]) -> tuple[str, ...]:
    ratio = figure["ratio"]
    target = figure["target"]
    return (
        label,
        f"{figure['cpu_us']['median']:.0f}",
        f"{ratio['median']:.2f}" if ratio else "–",
        f"{ratio['low']:.2f} – {ratio['high']:.2f}" if ratio else "–",
        f"≤ {target}" if target else "–",
        f"{figure['database_cpu_us']['median']:.0f}",
        f"{figure['median_ms']['median']:.2f}",
        f"{figure['requests_per_second']['median']:.0f}",
    )


def _of_a_crowd(route: Route, seen: dict[str, Any]) -> tuple[str, ...]:
    return (
        route.label,
        str(seen["requests_per_second"]),
        str(seen["median_ms"]),
        str(seen["p99_ms"]),
        str(seen["p99_to_median"]),
        f"≤ {MOST:.0f}",
        str(seen["not_as_expected"]),
    )


def _line(cells: tuple[str, ...], widths: tuple[int, ...] = WIDTHS) -> str:
    first, *others = zip(cells, widths, strict=True)
    return f"{first[0]:<{first[1]}}" + "".join(f" {cell:>{width}}" for cell, width in others)
