"""``python -m bench.flames`` draws each hot path; the documentation shows every graph."""

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

from bench.flames.drawing import LIBRARY, OURS, WIDTH, drawn
from bench.flames.paths import PATHS
from bench.flames.sampling import sampled

SVG = "{http://www.w3.org/2000/svg}"
DOCS = Path(__file__).parents[2] / "docs"
#: A function that no sample of a path goes without, nearly.
CENTRES = {
    "check": "consents/check check",
    "record": "consents/service record_decision",
    "script": "embed/repeating Repeating.__call__",
    "export": "exports/service Export.pieces",
    "sealing": "sealing/service seal",
}


def titles(graph):
    return [title.text for title in graph.iter(f"{SVG}title")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Every graph, drawn by another process: a service configures the logging of its own."""
    made = tmp_path_factory.mktemp("flames")
    command = [sys.executable, "-m", "bench.flames", "--samples", "20", "--into", str(made)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=DOCS.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return made


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_drawn_by_what_it_calls(path, folder):
    graph = ET.parse(folder / f"{path}.svg").getroot()
    assert [title for title in titles(graph) if title.startswith(CENTRES[path])]


def test_a_box_is_as_wide_as_its_share_and_stands_on_its_caller():
    stacks = Counter({("us/a outer",): 1, ("us/a outer", "lib/b <inner>"): 3})

    graph = ET.fromstring(drawn("a & b", stacks, frozenset({"us"})))

    outer, inner = graph.iter(f"{SVG}rect")
    assert titles(graph) == ["us/a outer 100.0%", "lib/b <inner> 75.0%"]
    assert [outer.get("fill"), inner.get("fill")] == [OURS, LIBRARY]
    assert float(outer.get("width")) == WIDTH - 0.5
    assert float(inner.get("width")) == WIDTH * 0.75 - 0.5
    assert float(inner.get("y")) < float(outer.get("y"))


def test_what_is_done_outside_of_the_function_is_not_sampled():
    def within():
        return sum(range(200_000))

    stacks = sampled(lambda: (within(), sum(range(200_000))), within.__code__, 5)

    assert {stack[0].rpartition(".")[2] for stack in stacks} == {"within"}


def test_the_documentation_shows_each_graph():
    shown = (DOCS / "performance.md").read_text(encoding="utf-8")

    for path in PATHS:
        assert f"](flames/{path}.svg)" in shown
        ET.parse(DOCS / "flames" / f"{path}.svg")
