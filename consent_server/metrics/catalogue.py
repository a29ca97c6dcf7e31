"""Every metric of the service; docs/metrics.md has a row for each, and a test compares them."""

import time
from bisect import bisect_left
from collections.abc import Iterator, Mapping

from consent_server.metrics.counts import COUNTS, GOOD_ROUND
from consent_server.metrics.kinds import Counter, Histogram, Measured, Metric
from consent_server.metrics.sharedfile import Key

EVENTS = ("given", "partial", "refused", "changed", "renewed", "withdrawn")
#: Of a decision: written and in force, written but overridden by a newer one, written before.
RESULTS = ("recorded", "superseded", "repeated")
VERDICTS = ("granted", "refused", "withdrawn", "expired", "stale", "unknown", "invalid")
METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})
#: What any other one is told as.
OTHER_METHOD = "other"
#: Of an address that no route has.
NO_ROUTE = "none"

REQUESTS = Counter(
    "consent_requests_total",
    "Requests answered, by route template, method and class of the status.",
    ("route", "method", "status"),
)
SECONDS = Histogram(
    "consent_request_seconds",
    "Time from the first look at a request to the head of its answer.",
    ("route",),
    bounds=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
REFUSALS = Counter(
    "consent_refusals_total",
    "Problems answered, by their reason.",
    ("reason",),
)
DECISIONS = Counter(
    "consent_decisions_total",
    "Decisions acknowledged, by event and by what became of them.",
    ("event", "result"),
    known=tuple((event, result) for event in EVENTS for result in RESULTS),
)
VERDICTS_GIVEN = Counter(
    "consent_verdicts_total",
    "Categories that the check API answered, by the reason it gave.",
    ("reason",),
    known=tuple((reason,) for reason in VERDICTS),
)
RATES_HIT = Counter(
    "consent_rates_hit_total",
    "Requests that had to come again later, by what they asked.",
    ("kind",),
    known=(("grant",), ("denial",), ("rights",)),
)
PEERS = Counter(
    "consent_decisions_peers_total",
    "Decisions that came through a proxy of ours, through one that is not named, or directly.",
    ("through",),
    known=(("proxy",), ("unknown_proxy",), ("direct",)),
)
OWN_HOST = Counter(
    "consent_decisions_hosts_total",
    "Decisions that came to a path of the site's own host, or to another host.",
    ("host",),
    known=(("own",), ("other",)),
)
REPLICA_EXPORTS = Counter(
    "consent_replica_exports_total",
    "Exports that were to be read from the replica: read there, or why the primary was.",
    ("outcome",),
    known=(("read",), ("away",), ("behind",), ("unfit",), ("lost",)),
)
LAPSES = Counter(
    "consent_lapses_total",
    "Consents whose end was recorded.",
    known=((),),
)
PURGED = Counter(
    "consent_purged_total",
    "What the service erased because it was kept long enough.",
    ("what",),
    known=(("records",), ("restricted_proofs",), ("idempotency_keys",), ("memories",)),
)
WORK_FAILED = Counter(
    "consent_work_failed_total",
    "Rounds of the work beside requests that failed and will be tried again.",
    ("work",),
    known=(("housekeeping",), ("sealing",), ("witnessing",), ("measuring",)),
)
WORK_AGE = Metric(
    "consent_work_age_seconds",
    "Time since the last good round of the work beside requests, where it is longest.",
    ("work",),
)
POOL_TIMEOUTS = Counter(
    "consent_database_pool_timeouts_total",
    "Requests that got no connection of the pool in time.",
    known=((),),
)
PROCESSES = Measured("consent_processes", "Processes of the service on this machine.")
CONNECTIONS = Measured(
    "consent_process_database_connections",
    "Connections to the database of all processes: in use, and at most.",
    ("state",),
)
BUILD = Metric("consent_build_info", "1, with the version of the service.", ("version",))
DATABASE_UP = Metric("consent_database_up", "1 when the database answers, else 0.")
DATABASE_WRITABLE = Metric(
    "consent_database_writable", "1 when a record could be written now, else 0."
)
WAITING = Metric("consent_log_waiting_entries", "Entries that wait for their place in a log.")
LAG = Metric(
    "consent_log_lag_seconds",
    "Age of the entry that waits longest for its place in a log; 0 when none waits.",
)
CHECKPOINT_AGE = Metric(
    "consent_log_checkpoint_age_seconds",
    "Age of the newest checkpoint of any site; not there when nothing was signed.",
)
ALARMS = Metric("consent_log_alarms", "Sites whose log cannot be signed.")
REFUSALS_OF_WITNESSES = Metric(
    "consent_log_witness_refusals",
    "Logs that a witness does not cosign, by the reason.",
    ("reason",),
)
UNWITNESSED = Metric(
    "consent_log_unwitnessed_seconds",
    "Age of the oldest checkpoint that a witness has not cosigned; 0 when each has seen all.",
)
DISK_FREE = Metric("consent_disk_free_bytes", "Free space where the data directory is.")
BACKUP_AGE = Metric(
    "consent_backup_age_seconds",
    "Age of the newest backup that was made here; not there when none was.",
)

ALL: tuple[Metric, ...] = (
    REQUESTS, SECONDS, REFUSALS, DECISIONS, VERDICTS_GIVEN, RATES_HIT, PEERS, OWN_HOST,
    REPLICA_EXPORTS, LAPSES, PURGED, WORK_FAILED, WORK_AGE, POOL_TIMEOUTS, PROCESSES, CONNECTIONS,
    BUILD, DATABASE_UP, DATABASE_WRITABLE, WAITING, LAG, CHECKPOINT_AGE, ALARMS,
    REFUSALS_OF_WITNESSES, UNWITNESSED, DISK_FREE, BACKUP_AGE,
)  # fmt: skip


def count_request(route: str | None, method: str, status: int, seconds: float) -> None:
    """Count a request that is answered; called for each, so it is kept below two microseconds.

    :param route: the rule, never the path; None where no route has the address
    :param method: one of :data:`METHODS`, or :data:`OTHER_METHOD`
    """
    bucket = bisect_left(SECONDS.bounds, seconds)
    COUNTS.observe((route, method, status), bucket, seconds, _series_of_request)


def good_round(work: str, thread: str) -> None:
    """Remember that a thread did a round of its work and nothing was wrong."""
    # This clock is the same for all processes of the machine, and nobody sets it.
    COUNTS.set((GOOD_ROUND, work, thread), time.monotonic())


def ages_of_work(values: Mapping[Key, float]) -> dict[Key, float]:
    """Return how long ago the last good round was, of the thread for which it is longest.

    :param values: of all processes that live
    """
    instant = time.monotonic()
    found: dict[Key, float] = {}
    for key, value in values.items():
        if key[0] == GOOD_ROUND and len(key) == 3 and value:  # 0 was left by a process that ended
            told = (WORK_AGE.name, key[1])
            found[told] = max(found.get(told, 0.0), instant - value)
    return found


def _series_of_request(group: tuple[str | None, str, int]) -> Iterator[Key]:
    route, method, status = group
    yield (REQUESTS.name, route or NO_ROUTE, method, f"{status // 100}xx")
    yield from SECONDS.series(route or NO_ROUTE)
