"""The figures for people, in Markdown: the small log, the large one, and how much it differs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MIB = 1024 * 1024
#: What is shown of a proof, its name among the figures, digits.
PROOFS = (
    ("proof, CPU ms", "cpu_ms", 2),
    ("proof, ms by the clock, median", "median_ms", 2),
    ("proof, ms by the clock, the slowest of a hundred", "p99_ms", 2),
    ("tiles read for a proof, at most", "tiles", 0),
)


def as_markdown(engine: str, found: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of the tables of one engine."""
    small, large = found["logs"]
    name = "SQLite" if engine == "sqlite" else "PostgreSQL"
    yield f"**{name} {found['version']}**"
    yield ""
    yield f"| what | {small['records']:,} records | {large['records']:,} | ratio |"
    yield "|---|--:|--:|--:|"
    yield from _costs(small, large)
    yield ""
    if "commands" in large:
        yield from _whole(small, large)
    yield (
        f"{found['at'][:10]}, load {found['load'][0]:.1f} at the start and "
        f"{found['load'][1]:.1f} at the end on {found['cores']} cores."
    )


def _whole(small: Mapping[str, Any], large: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"| of {large['records']:,} records | s | records/s | records a CPU second "
        f"| MiB above idle | of {small['records']:,} |"
    )
    yield "|---|--:|--:|--:|--:|--:|"
    yield from _commands(small, large)
    yield ""
    yield _streamed(small, large)
    yield ""


def _costs(small: Mapping[str, Any], large: Mapping[str, Any]) -> Iterator[str]:
    logs = small, large
    for route in ("record", "check"):
        sides = [log["routes"][route] for log in logs]
        # A slice between two ticks of the CPU clock has no ratio.
        ratios = [(one["ratio"] or {"median": 0.0})["median"] for one in sides]
        yield _row(f"{route}, CPU ÷ bare route", ratios, 2)
        spent = [one["cpu_us"]["median"] + one["database_cpu_us"]["median"] for one in sides]
        yield _row(f"{route}, CPU µs of the service and the database", spent, 0)
    for label, name, digits in PROOFS:
        yield _row(label, [log["proofs"][name] for log in logs], digits)
    ends = [large["sealing"][f"{end}_per_second"] for end in ("first", "last")]
    yield _row("sealing, leaves a second of CPU: first tenth of the large log, last", ends, 0)
    for what, label in (("database", "database"), ("beside", "data directory beside it")):
        each = [log["sizes"][what] / log["records"] for log in logs]
        yield _row(f"bytes a record, {label}", each, 0)


def _row(label: str, sides: Sequence[float], digits: int) -> str:
    small, large = (f"{side:,.{digits}f}" if side else "–" for side in sides)
    times = f"{sides[1] / sides[0]:.2f}" if all(sides) else "–"
    return f"| {label} | {small} | {large} | {times} |"


def _commands(small: Mapping[str, Any], large: Mapping[str, Any]) -> Iterator[str]:
    for name, taken in large["commands"].items():
        if name == "idle":
            continue
        few, count = small["commands"][name], taken["records"]
        cells = (
            f"{taken['seconds']:.1f}",
            f"{count / taken['seconds']:,.0f}",
            f"{count / taken['cpu_seconds']:,.0f}",
            *(f"{one['above_idle'] / MIB:.0f}" for one in (taken, few)),
        )
        yield f"| {name} | {' | '.join(cells)} |"


def _streamed(small: Mapping[str, Any], large: Mapping[str, Any]) -> str:
    own, few = large["streamed"], small["streamed"]
    p99 = own["meanwhile_ms"][1] / own["before_ms"][1]
    said = (
        f"JSON Lines from the running service, beside 20 decisions a second: {own['bytes']:,} "
        f"bytes in {own['seconds']:.0f} s; the service needed {own['above_idle'] / MIB:.0f} MiB "
        f"more than before ({few['above_idle'] / MIB:.0f} of the small log). A decision took "
        f"{own['before_ms'][0]:.1f} ms before and {own['meanwhile_ms'][0]:.1f} meanwhile, the "
        f"slowest of a hundred {own['before_ms'][1]:.0f} and {own['meanwhile_ms'][1]:.0f}: "
        f"{p99:.2f} of it."
    )
    wal = f" The write-ahead log had {own['wal'] / MIB:.0f} MiB at most." if own["wal"] else ""
    return said + wal
