"""Writes what ``make fault`` and ``make fuzz`` found last into docs/reliability.md."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.fault.trials import REPORT

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
#: Table of the page → the member of a line that makes it one of its rows.
TABLES = {"races": "browser", "durability": "engine", "fuzz": "input"}
HEADING = ("fault", "trials (planned)", "failed", "p50", "p99", "longest", "noted", "on")
#: A row, and its fault.
ROW = re.compile(r"^\| ([A-Z]-\d+[^|]*?) \|.*$", re.MULTILINE)
#: Members of a line that are not a count of their own.
KNOWN = {
    *("id", "fault", "trials", "planned", "failed", "p50_ms", "p99_ms", "max_ms"),
    *("seed", "browser", "engine", "input", "at"),
}


def last_lines(report: Path = REPORT) -> list[dict[str, Any]]:
    """Return the newest line of each fault."""
    lines = map(json.loads, report.read_text(encoding="utf-8").splitlines())
    return list({line["id"]: line for line in lines}.values())


def row(line: dict[str, Any]) -> str:
    """Return the row of a fault."""
    times = (f"{line[name]} ms" if name in line else "–" for name in ("p50_ms", "p99_ms", "max_ms"))
    noted = ", ".join(f"{name}: {line[name]}" for name in line if name not in KNOWN)
    trials = f"{line['trials']:,} ({line['planned']:,})"
    cells = line["id"], trials, str(line["failed"]), *times, noted, line["at"][:10]
    return f"| {' | '.join(cells)} |"


def as_markdown(lines: list[dict[str, Any]], before: str = "") -> Iterator[str]:
    """Yield the lines of the table, and what it was measured with.

    :param before: the table as it was: the rows of faults that did not run again stay
    """
    yield f"| {' | '.join(HEADING)} |"
    yield "|---|" + "--:|" * (len(HEADING) - 3) + "---|--:|"
    rows = {found[1]: found[0] for found in ROW.finditer(before)}
    rows |= {line["id"]: row(line) for line in lines}
    yield from (rows[id_] for id_ in sorted(rows))
    newest = max(lines, key=lambda line: line["at"])
    yield ""
    with_ = f", Chromium {newest['browser']}" if "browser" in newest else ""
    seeds = ", ".join(map(str, sorted({line["seed"] for line in lines})))
    yield f"{newest['at'][:10]}{with_}, seed {seeds}."


def write_page(lines: list[dict[str, Any]], page: Path = PAGE) -> None:
    """Replace the rows of what was run in each table between its markers."""
    text = page.read_text(encoding="utf-8")
    for name, member in TABLES.items():
        if rows := [line for line in lines if member in line]:
            begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
            ahead, _, rest = text.partition(begin)
            before, _, after = rest.partition(end)
            table = "\n".join(as_markdown(rows, before))
            text = f"{ahead}{begin}\n\n{table}\n\n{end}{after}"
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_page(last_lines())
