"""What travels to every visitor, in bytes: the figures of ``python -m bench.widget --sizes``."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.widget import report
from bench.widget.limits import size_lines
from bench.widget.site import ONE, THREE
from bench.widget.sizes import PARTS, measure_size

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sizes():
    return measure_size(ONE), measure_size(THREE)


def test_every_byte_belongs_to_one_part(sizes):
    for size in sizes:
        assert list(size.parts) == list(PARTS)
        assert all(raw > 100 for raw, _ in size.parts.values())
        assert sum(raw for raw, _ in size.parts.values()) == size.raw
        # The parts are compressed in another order than they travel in.
        assert sum(share for _, share in size.parts.values()) == pytest.approx(size.brotli, rel=0.1)


def test_the_script_keeps_its_limits(sizes):
    one, three = sizes

    assert three.brotli <= 14_000
    assert one.brotli <= 10_000


def test_a_language_more_costs_its_texts_alone(sizes):
    one, three = sizes
    more = {name: three.parts[name][0] - one.parts[name][0] for name in PARTS}

    assert more.pop("texts") > 1_000
    assert max(more.values()) < 20


def test_the_command_shows_the_sizes_beside_their_limits(tmp_path):
    file = tmp_path / "report.json"
    command = [sys.executable, "-m", "bench.widget", "--sizes", "--json", str(file)]

    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)

    lines = json.loads(file.read_text())["limits"]
    assert [line["limit"] for line in lines] == [10_000, 14_000]
    assert all(f"{line['found']:,} B" in said.stdout for line in lines)


def test_the_documentation_is_written_between_its_markers(sizes, tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n{report.BEGIN}\nearlier\n{report.END}\nafter\n", encoding="utf-8")
    rows = report.limits_table(size_lines(*sizes))

    report.write_page([("Limits", rows)], "Measured today.", page)

    text = page.read_text()
    assert text.startswith(f"before\n{report.BEGIN}\n") and text.endswith(f"{report.END}\nafter\n")
    assert "earlier" not in text
    assert "| script, en | 10,000 B |" in text
