"""A flame graph as a small SVG: the width of a box is time, what stands on it was called by it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from bench.flames.sampling import Stack

WIDTH, ROW, LETTER = 1200, 16, 6.1
#: The part of the whole below which nothing is drawn.
LEAST = 0.006
#: Folders whose functions are ours, by the colour of their boxes; others are libraries.
OURS, LIBRARY = "#f2a45c", "#b9c6d3"


@dataclass
class _Box:
    """A function, called by those below it."""

    samples: int = 0
    above: dict[str, "_Box"] = field(default_factory=dict)


def drawn(title: str, stacks: Counter[Stack], ours: frozenset[str]) -> str:
    """Return the SVG of what was sampled.

    :param ours: folders of our own code
    """
    whole = _piled(stacks)
    rows = list(_rows(whole, 0.0, 0, whole.samples * LEAST))
    height = (max((depth for _, _, depth, _ in rows), default=0) + 2) * ROW
    scale = WIDTH / max(1, whole.samples)
    boxes = [_box(name, box, left, depth, scale, height, ours) for name, left, depth, box in rows]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="monospace" font-size="10">\n'
        f'<text x="4" y="12" font-weight="bold">{escape(title)}, {whole.samples} samples</text>'
    )
    return "\n".join([head, *boxes, "</svg>"]) + "\n"


def _piled(stacks: Counter[Stack]) -> _Box:
    whole = _Box()
    for stack, samples in stacks.items():
        box = whole
        box.samples += samples
        for name in stack:
            box = box.above.setdefault(name, _Box())
            box.samples += samples
    return whole


def _rows(
    below: _Box, left: float, depth: int, least: float
) -> Iterator[tuple[str, float, int, _Box]]:
    for name, box in sorted(below.above.items()):
        if box.samples >= least:
            yield name, left, depth, box
            yield from _rows(box, left, depth + 1, least)
        left += box.samples


def _box(
    name: str, box: _Box, left: float, depth: int, scale: float, height: int, ours: frozenset[str]
) -> str:
    x, width, y = left * scale, box.samples * scale, height - (depth + 1) * ROW
    share = f"{box.samples * scale / WIDTH:.1%}"
    colour = OURS if name.partition("/")[0] in ours else LIBRARY
    room = int((width - 4) / LETTER)
    short = name.partition(" ")[2]
    text = short if len(short) <= room else short.rpartition(".")[2]
    shown = escape(text[:room]) if room > 3 else ""
    label = f'<text x="{x + 2:.1f}" y="{y + 11}">{shown}</text>' if shown else ""
    return (
        f'<g><title>{escape(name)} {share}</title><rect x="{x:.1f}" y="{y}" '
        f'width="{max(width - 0.5, 0.3):.1f}" height="{ROW - 1}" fill="{colour}"/>{label}</g>'
    )
