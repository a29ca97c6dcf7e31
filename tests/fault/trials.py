"""Many trials of one fault: how many, how far along, and what came out."""

import json
import math
import os
import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any

from tqdm import tqdm

#: Share of the planned number of trials; ``make fault`` runs all of them. Reported when asked for.
SHARE = float(os.environ.get("FAULT_SHARE", "0.02"))
IS_REPORTED = "FAULT_SHARE" in os.environ
SEED = int(os.environ.get("FAULT_SEED", "1"))
#: The share of trials of which there are many, and each is over at once.
SMALL_SHARE = SHARE if IS_REPORTED else 0.001
REPORT = Path(__file__).parents[2] / "var" / "fault-report.jsonl"


class Trials:
    """One fault, met many times; a full run is reported."""

    def __init__(self, id_: str, title: str, planned: int, least: int = 3, share: float = SHARE):
        self.id = id_
        self.title = title
        self.planned = planned
        #: Trials that came to their end.
        self.done = 0
        self.count = max(least, math.ceil(planned * share))
        self.random = random.Random(f"{id_} {SEED}")
        #: What went wrong, one line each: the trial's number, what was done, what was found.
        self.failures: list[str] = []
        self.counts: Counter[str] = Counter()
        self.times: list[float] = []

    def __iter__(self) -> Iterator[int]:
        for number in tqdm(range(self.count), self.id, disable=not IS_REPORTED, mininterval=10):
            yield number
            self.done += 1

    def fail(self, number: int, told: object) -> None:
        """Note what went wrong in one trial."""
        self.failures.append(f"trial {number}: {told}")

    def close(self, **about: str) -> None:
        """Print what was found, and keep a full run's figures.

        :param about: what it was found with; ``browser`` of a race of the widget, ``input`` of
            what no honest client sends
        """
        line: dict[str, Any] = {
            "id": self.id,
            "fault": self.title,
            "trials": self.done,
            "planned": self.planned,
            "failed": len(self.failures),
            **dict(sorted(self.counts.items())),
        }
        if len(self.times) > 1:
            cuts = quantiles(self.times, n=100, method="inclusive")
            line |= {"p50_ms": round(cuts[49]), "p99_ms": round(cuts[98])}
            line["max_ms"] = round(max(self.times))
        line |= {
            "seed": SEED,
            **about,
            "at": datetime.now(UTC).isoformat("T", "seconds"),
        }
        print(json.dumps(line), *self.failures, sep="\n")
        if IS_REPORTED and self.done == self.count:
            REPORT.parent.mkdir(exist_ok=True)
            with REPORT.open("a", encoding="utf-8") as report:
                report.write(json.dumps(line) + "\n")
