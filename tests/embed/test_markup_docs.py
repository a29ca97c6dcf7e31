"""docs/embed.md names every element and attribute that the widget holds back, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "embed.md").read_text(encoding="utf-8")
GATE = (ROOT / "widget" / "src" / "gate.ts").read_text(encoding="utf-8")


def _row(start: str) -> list[str]:
    row = next(line for line in DOCS.splitlines() if line.startswith(f"| {start}"))
    return row.split("|")


def test_the_table_lists_the_elements_that_are_held_back():
    held = re.search(r":is\(([a-z,]+)\)\[data-category\]", GATE)

    assert held
    assert re.findall(r"`(\w+)`", _row("`data-category` ")[2]) == held[1].split(",")


def test_the_table_lists_the_addresses_that_are_held_back():
    addresses = re.search(r"ADDRESSES = \[([^]]+)\]", GATE)

    assert addresses
    documented = re.findall(r"`data-(\w+)`", _row("`data-src`")[1])
    assert sorted(documented) == sorted(re.findall(r"'(\w+)'", addresses[1]))
