"""The figures for people."""

from collections.abc import Iterator
from typing import Any


def table(report: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield (
        f"{report['records']:,} records, median of {report['rounds']} rounds, "
        f"load {report['load']:.1f}; per second of CPU time of this process"
    )
    yield ""
    yield f"{'what':<28}{'per second':>12}{'limit':>14}{'ratio':>8}  limit"
    for figure in report["figures"]:
        limit = f"{figure['limit_per_second']:,.0f}" if figure["limit_per_second"] else ""
        ratio = f"{figure['ratio']:.3f}" if figure["ratio"] is not None else ""
        yield (
            f"{figure['what']:<28}{figure['per_second']:>12,.0f}{limit:>14}{ratio:>8}  "
            f"{figure['limit']}"
        )
