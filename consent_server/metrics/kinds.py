"""The kinds of metrics, by the words of Prometheus. A label has few values, known beforehand."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from consent_server.metrics.counts import COUNTS
from consent_server.metrics.sharedfile import Key


@dataclass(frozen=True)
class Metric:
    """What is told about a metric."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    #: "counter", "gauge" or "histogram".
    kind: str = "gauge"


@dataclass(frozen=True)
class Counter(Metric):
    """What happened so often; never less than before."""

    kind: str = "counter"
    #: Values of its labels that are told from the beginning, as 0.
    known: tuple[Key, ...] = ()

    def add(self, *labels: str, amount: float = 1.0) -> None:
        """Count."""
        COUNTS.add((self.name, *labels), amount)


@dataclass(frozen=True)
class Measured(Metric):
    """What is now; of each process, and told as the sum over those that live."""

    def set(self, *labels: str, value: float) -> None:
        """Say what it is in this process."""
        COUNTS.set((self.name, *labels), value)


@dataclass(frozen=True)
class Histogram(Metric):
    """How long things took: so many up to each bound."""

    kind: str = "histogram"
    #: Seconds, rising.
    bounds: tuple[float, ...] = ()
    _texts: tuple[str, ...] = field(init=False, default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "_texts", (*map(str, self.bounds), "+Inf"))

    @property
    def upper_bounds(self) -> tuple[str, ...]:
        """The bounds as they are written; the last is infinite."""
        return self._texts

    def series(self, label: str) -> Iterator[Key]:
        """Yield the series of a label: the sum, then each bucket."""
        yield (self.name, "sum", label)
        for bound in self._texts:
            yield (self.name, "le", label, bound)
