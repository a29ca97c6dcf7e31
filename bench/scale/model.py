"""From the cost of one record to the machines for so many a month; arithmetic, and nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SECONDS_OF_A_MONTH = 365.25 / 12 * 86_400
MONTHS = (10**6, 10**7, 10**8, 10**9, 10**10)


@dataclass(frozen=True)
class Load:
    """What is asked of an installation."""

    records_per_month: float
    #: API checks for each record; whoever verifies tokens offline asks for none.
    checks_per_record: float = 10.0
    #: The busiest second over the average one.
    peak: float = 5.0
    #: That a record is kept: 24 after the last event, and the rest of that month.
    months: float = 25.0
    #: Records that the end of a yes adds, as a share.
    lapsed: float = 0.5


@dataclass(frozen=True)
class Cost:
    """Of one record and one check, as they were measured."""

    bytes_per_record: float
    #: CPU time of the service's processes and of the database's, microseconds.
    record_us: float
    record_database_us: float
    check_us: float
    check_database_us: float
    #: By the one process that seals a site's log, in a second of CPU time.
    leaves_per_second: float


@dataclass(frozen=True)
class Need:
    """What a load takes."""

    average_per_second: float
    peak_per_second: float
    #: CPU cores at the peak, at full use.
    service_cores: float
    database_cores: float
    sealing_cores: float
    #: Records that are there once as many go as come.
    records: float
    gigabytes: float


def needed(load: Load, cost: Cost) -> Need:
    """Return what a load takes; linear, for each record costs what the one before did."""
    average = load.records_per_month / SECONDS_OF_A_MONTH
    peak = average * load.peak
    checks = peak * load.checks_per_record
    records = load.records_per_month * (1 + load.lapsed) * load.months
    return Need(
        average_per_second=average,
        peak_per_second=peak,
        service_cores=(peak * cost.record_us + checks * cost.check_us) / 1e6,
        database_cores=(peak * cost.record_database_us + checks * cost.check_database_us) / 1e6,
        sealing_cores=average * (1 + load.lapsed) / cost.leaves_per_second,
        records=records,
        gigabytes=records * cost.bytes_per_record / 1e9,
    )


def as_markdown(engine: str, figures: Mapping[str, Any], load: Load) -> Iterator[str]:
    """Yield what was measured on one engine, and the table of what it makes of each month."""
    cost = Cost(**figures["cost"])
    yield (
        f"**{engine}**: {cost.bytes_per_record:,.0f} bytes a record; CPU µs of the service and of "
        f"the database: a decision {cost.record_us:,.0f} + {cost.record_database_us:,.0f}, a check "
        f"{cost.check_us:,.0f} + {cost.check_database_us:,.0f}; {cost.leaves_per_second:,.0f} "
        "leaves sealed in a second of CPU time."
    )
    yield ""
    yield "Bytes a record: " + ", ".join(
        f"`{name}` {size}" for name, size in figures["tables"].items()
    )
    yield ""
    yield (
        "| records a month | average /s | peak /s | service cores | database cores | sealing cores "
        "| records kept | GB kept |"
    )
    yield "|--:|" + "--:|" * 7
    for number in MONTHS:
        need = needed(Load(**{**load.__dict__, "records_per_month": number}), cost)
        cells = (
            f"{number:,}",
            *(
                f"{value:,.{2 if value < 10 else 0}f}"
                for value in (
                    need.average_per_second,
                    need.peak_per_second,
                    need.service_cores,
                    need.database_cores,
                    need.sealing_cores,
                )
            ),
            f"{need.records:.2g}",
            f"{need.gigabytes:,.{1 if need.gigabytes < 10 else 0}f}",
        )
        yield f"| {' | '.join(cells)} |"
