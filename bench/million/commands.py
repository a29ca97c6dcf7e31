"""What operators and auditors do with a log, each as a command of its own, watched."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.million.filling import SITE, Log
from bench.million.watching import Taken, run
from bench.processes import BenchFailed

FORMS = ("csv", "jsonl", "jsonld")
#: A command that opens the database, reads one row and ends: what the others need before they work.
IDLE = ["-m", "consent_server", "log", "checkpoint", SITE]
#: ``verify`` in this process alone, whatever the machine has; and the same of a file that is none.
ALONE = """
import sys
from pathlib import Path
from consent_server import verification
verification.LARGE = sys.maxsize
report = verification.verify(Path(sys.argv[1]), verification.Trusted())
sys.exit(0 if report.is_good or sys.argv[2:] else str(report.problems[:3]))
"""
#: What is done in time that the clock cannot be turned to: two years later everything is over.
LATER = """
import json, os, sys
from datetime import UTC, datetime, timedelta
from consent_server.cli.environment import application
from consent_server.retention.purging import purge
from consent_server.retention.service import record_lapses
with application() as app:
    now = datetime.now(UTC) + timedelta(days=int(sys.argv[2]))
    if sys.argv[1] == "purge":
        found = purge(now, app.extensions["consent_erased"], is_dry_run=True).records
    else:
        found = record_lapses(now)
print(json.dumps(found))
"""
#: Days after which a record of the bench may not be kept any longer.
AFTER_ALL = 900

Figures = dict[str, Any]


def measured(log: Log, forms: Sequence[str] = FORMS) -> Iterator[tuple[str, Figures]]:
    """Yield what was done and what it took.

    :param forms: in which it is exported; of a million records JSON-LD takes more than 10 GB
    """
    environment = log.environment
    idle = run(IDLE, environment)
    yield "idle", _figures(idle, 0, 0)
    nothing = run(["-c", ALONE, str(Path(__file__)), "x"], environment)
    for form in forms:
        yield from _exported(log, form, idle.own, nothing.own)
    audit = run(["-m", "consent_server", "log", "audit", SITE, "--json"], environment)
    found = json.loads(audit.output)
    if found["findings"] or found["alarm"]:
        raise BenchFailed(f"the log is not whole: {found}")
    yield "audit", _figures(audit, found["entries"], idle.own)
    lapses = run(["-c", LATER, "lapses", "0"], environment)
    yield "look for lapses, none due", _figures(lapses, log.records, idle.own)
    purge = run(["-c", LATER, "purge", str(AFTER_ALL)], environment)
    yield "purge --dry-run, all due", _figures(purge, int(purge.output), idle.own)


def _exported(log: Log, form: str, idle: int, nothing: int) -> Iterator[tuple[str, Figures]]:
    path = log.folder / f"export.{form}"
    asked = ["--format", form, "-o", str(path), "--force"]
    taken = run(["-m", "consent_server", "export", SITE, *asked], log.environment)
    size = path.stat().st_size
    yield f"export, {form}", {**_figures(taken, log.records, idle), "bytes": size}
    alone = run(["-c", ALONE, str(path)], log.environment)
    yield f"verify, {form}, one process", _figures(alone, log.records, nothing)
    if form != "jsonld":
        several = run(["-m", "consent_server", "verify", str(path)], log.environment)
        yield f"verify, {form}", _figures(several, log.records, idle, all_=True)
    path.unlink()


def _figures(taken: Taken, records: int, idle: int, *, all_: bool = False) -> Figures:
    """Return the figures; memory of the command itself, or of the processes it starts too."""
    return {
        "records": records,
        "seconds": taken.seconds,
        "cpu_seconds": taken.cpu_seconds,
        "above_idle": (taken.together if all_ else taken.own) - idle,
    }
