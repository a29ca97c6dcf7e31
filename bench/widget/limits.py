"""What the widget may cost: each limit, what was found, and whether it holds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.widget.sizes import Size

#: Bytes of brotli in one language and in three.
ONE_LANGUAGE, THREE_LANGUAGES = 10_000, 14_000


@dataclass(frozen=True)
class Line:
    """One limit and what was found."""

    label: str
    limit: float
    #: None: not measured, or not applicable.
    found: float | None
    unit: str = ""

    @property
    def holds(self) -> bool | None:
        """Say whether the limit is kept; None when nothing was found."""
        return None if self.found is None else self.found <= self.limit


def size_lines(one: Size, three: Size) -> list[Line]:
    """Return the limits of the script's size."""
    tags = ", ".join(three.languages)
    return [
        Line(f"script, {', '.join(one.languages)}", ONE_LANGUAGE, one.brotli, "B"),
        Line(f"script, {tags}", THREE_LANGUAGES, three.brotli, "B"),
    ]


def time_lines(found: Mapping[str, Any], conditions: Sequence[str]) -> list[Line]:
    """Return the limits of everything else, for one contestant's figures."""
    lines = [
        Line("requests until a choice", 1, found["requests"]["count"]),
        Line("hosts until a choice", 1, len(found["requests"]["hosts"])),
    ]
    if "slow" in conditions:
        slow = found["slow"]
        lines += [
            Line(
                "banner at rest after the floor, slow", 80, _median(slow["rest_over_floor"]), "ms"
            ),
            Line("total blocking time, slow", 20, _median(slow["tbt"]), "ms"),
            Line("Accept → next paint, slow", 40, _median(slow["paint"]), "ms"),
        ]
    for name in conditions:
        lines.append(Line(f"layout shift, {name}", 0, _high(found[name]["cls"])))
    weight = found["weight"]
    lines.append(Line("heap over the page's", 250, _median(weight["heap_kb_over_baseline"]), "kB"))
    return lines


def _median(spread: Mapping[str, float] | None) -> float | None:
    return spread["median"] if spread else None


def _high(spread: Mapping[str, float] | None) -> float | None:
    return spread["high"] if spread else None
