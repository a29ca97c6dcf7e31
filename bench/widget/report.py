"""The report for people: tables on the terminal, and the section in docs/performance.md."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.processes import ROOT
from bench.widget.limits import Line
from bench.widget.sizes import PARTS, Size

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- widget figures: begin -->", "<!-- widget figures: end -->"
#: Heading → where the figure is found: in a condition, or in the weight.
TIMES = {
    "first paint": "fcp",
    "load": "load",
    "seen": "seen",
    "at rest": "rest",
    "after floor": "rest_over_floor",
    "× floor": "rest_ratio",
    "TBT": "tbt",
    "longest": "longest",
    "CLS": "cls",
    "Accept → paint": "paint",
    "event": "event",
    "longest after": "longest_after",
}
WEIGHTS = {
    "heap kB": "heap_kb_over_baseline",
    "script ms": "script_ms_over_baseline",
    "style ms": "style_ms_over_baseline",
    "all tasks ms": "task_ms_over_baseline",
    "DOM nodes": "nodes_over_baseline",
}
NOTHING = "–"
MARKS = {True: "holds", False: "MISSED", None: "not measured"}

Row = Sequence[str]


def limits_table(lines: Sequence[Line]) -> list[Row]:
    """Return the limits, what was found, and whether they hold."""
    rows: list[Row] = [("limit", "at most", "found", "")]
    for line in lines:
        found = NOTHING if line.found is None else f"{_number(line.found)} {line.unit}".strip()
        rows.append(
            (line.label, f"{_number(line.limit)} {line.unit}".strip(), found, MARKS[line.holds])
        )
    return rows


def sizes_table(sizes: Sequence[Size]) -> list[Row]:
    """Return what travels, and the share of each part in brotli."""
    rows: list[Row] = [("languages", "brotli", "gzip", "raw", *PARTS)]
    for size in sizes:
        shares = [f"{size.parts[name][1]:,}" for name in PARTS]
        lengths = [f"{length:,}" for length in (size.brotli, size.gzip, size.raw)]
        rows.append((" ".join(size.languages), *lengths, *shares))
    return rows


def times_table(found: Mapping[str, Any], condition: str) -> list[Row]:
    """Return medians and, for the time at rest, its quartiles."""
    rows: list[Row] = [("contestant", *TIMES, "at rest p25–p75")]
    for name, figures in found.items():
        times = figures[condition]
        rest = times["rest"]
        quartiles = f"{rest['low']:.0f}–{rest['high']:.0f}" if rest else NOTHING
        rows.append((name, *(_median(times[key]) for key in TIMES.values()), quartiles))
    return rows


def weights_table(found: Mapping[str, Any]) -> list[Row]:
    """Return what each costs over the baseline page."""
    rows: list[Row] = [("contestant", "requests", "hosts", *WEIGHTS)]
    for name, figures in found.items():
        asked = figures["requests"]
        weights = (_median(figures["weight"][key]) for key in WEIGHTS.values())
        rows.append((name, str(asked["count"]), str(len(asked["hosts"])), *weights))
    return rows


def _median(spread: Mapping[str, float] | None) -> str:
    return _number(spread["median"]) if spread else NOTHING


def _number(value: float) -> str:
    """Write whole what is large, and small things as exactly as they are known."""
    if abs(value) >= 10 or value == round(value):
        return f"{value:,.0f}"
    return f"{value:.2f}"


def tables(
    report: Mapping[str, Any], lines: Sequence[Line], sizes: Sequence[Size]
) -> Iterator[tuple[str, list[Row]]]:
    """Yield title and rows of every table there is something for."""
    found = report.get("contestants", {})
    yield "Limits", limits_table(lines)
    yield "Bytes of /s/{site}.js; a part's share is of brotli", sizes_table(sizes)
    for condition in report.get("conditions", []):
        yield f"{CONDITION_TITLES[condition]} (medians, ms)", times_table(found, condition)
    if found:
        yield "Over the baseline page, unthrottled (medians)", weights_table(found)


CONDITION_TITLES = {
    "slow": "1.6 Mbps, 150 ms added to each request, CPU 4x slower",
    "none": "No throttling",
}


def as_text(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a table for the terminal."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = zip(row, widths, strict=True)
        cells = [f"{first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)]
        yield "  ".join(cells).rstrip()


def as_markdown(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of a table for the documentation."""
    heading, *body = rows
    yield f"| {' | '.join(heading)} |"
    yield "|---|" + "--:|" * (len(heading) - 1)
    for row in body:
        yield f"| {' | '.join(row)} |"


def write_page(sections: Sequence[tuple[str, list[Row]]], closing: str, page: Path = PAGE) -> None:
    """Replace what stands between the markers of docs/performance.md."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    made = [BEGIN]
    for title, rows in sections:
        made += ["", f"**{title}**", "", *as_markdown(rows)]
    made += ["", closing, "", END]
    page.write_text(before + "\n".join(made) + after, encoding="utf-8")
