"""Metrics as text, in the format that Prometheus and its kin read.

:source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from consent_server.metrics.catalogue import ALL
from consent_server.metrics.kinds import Counter, Histogram, Metric
from consent_server.metrics.sharedfile import Key

METRICS = {metric.name: metric for metric in ALL}
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(values: Mapping[Key, float]) -> str:
    """Write every metric that has a value.

    :param values: by the name of the metric, then the values of its labels
    """
    by_name: dict[str, dict[Key, float]] = {}
    for key, value in values.items():
        if _is_known(key):
            by_name.setdefault(key[0], {})[key[1:]] = value
    return "".join(line for metric in ALL for line in _lines(metric, by_name.get(metric.name, {})))


def _is_known(key: Key) -> bool:
    """Whether a series has the labels of its metric; a file of another version may have others."""
    metric = METRICS.get(key[0])
    if not isinstance(metric, Histogram):
        return metric is not None and len(key) == 1 + len(metric.labels)
    return len(key) == (4 if key[1:2] == ("le",) else 3)


def _lines(metric: Metric, found: Mapping[Key, float]) -> Iterator[str]:
    samples = list(_samples(metric, found))
    if not samples:
        return
    yield f"# HELP {metric.name} {metric.help}\n"
    yield f"# TYPE {metric.name} {metric.kind}\n"
    yield from samples


def _samples(metric: Metric, found: Mapping[Key, float]) -> Iterable[str]:
    if isinstance(metric, Histogram):
        for label in sorted({key[1] for key in found}):
            yield from _histogram(metric, label, found)
        return
    told = {**dict.fromkeys(metric.known, 0.0), **found} if isinstance(metric, Counter) else found
    for labels in sorted(told):
        yield _sample(metric.name, metric.labels, labels, told[labels])


def _histogram(metric: Histogram, label: str, found: Mapping[Key, float]) -> Iterator[str]:
    counts = [found.get(("le", label, bound), 0.0) for bound in metric.upper_bounds]
    names = (*metric.labels, "le")
    for bound, count in zip(metric.upper_bounds, accumulate(counts), strict=True):
        yield _sample(f"{metric.name}_bucket", names, (label, bound), count)
    total = found.get(("sum", label), 0.0)
    yield _sample(f"{metric.name}_sum", metric.labels, (label,), total)
    yield _sample(f"{metric.name}_count", metric.labels, (label,), sum(counts))


def _sample(name: str, labels: Sequence[str], values: Sequence[str], value: float) -> str:
    pairs = zip(labels, values, strict=True)
    inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in pairs)
    number = str(int(value)) if value.is_integer() else repr(value)
    return f"{name}{{{inside}}} {number}\n" if inside else f"{name} {number}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
