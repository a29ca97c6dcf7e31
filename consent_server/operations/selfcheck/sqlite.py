"""Checks of a SQLite database."""

import sqlalchemy as sa

from consent_server.db import db, is_wal_safe, sqlite_pragmas
from consent_server.metrics.catalogue import PROCESSES
from consent_server.metrics.counts import totals_in
from consent_server.operations.selfcheck.line import Line, fail, ok, warn
from consent_server.settings import Settings
from consent_server.sqlite import sqlite3


def pragmas() -> Line:
    """What durability rests on is read back, from a connection as the service has it."""
    wanted = sqlite_pragmas(sqlite3.sqlite_version_info)
    different = []
    for name, expected in wanted.items():
        found = db.session.execute(sa.text(f"PRAGMA {name}")).scalar()
        if found is not None and str(found) != expected:
            different.append(f"{name} is {found}, not {expected}")
    db.session.rollback()
    if different:
        mend = "let nothing else open the file; see docs/settings.md"
        return fail("sqlite-pragmas", "; ".join(different), mend)
    seen = f"journal_mode={wanted['journal_mode']}, synchronous={wanted['synchronous']}"
    return ok("sqlite-pragmas", f"{seen} and {len(wanted) - 2} more read back")


def version() -> Line:
    """The fix of the WAL-reset bug."""
    found = sqlite3.sqlite_version
    if is_wal_safe(sqlite3.sqlite_version_info):
        return ok("sqlite-version", f"{found}, with the fix of the WAL-reset bug")
    seen = f"{found}, without the fix of the WAL-reset bug: the slower rollback journal is used"
    return warn("sqlite-version", seen, "a Python with SQLite 3.51.3 or newer, or PostgreSQL")


def processes(settings: Settings) -> Line:
    """One process, and threads."""
    count = int(totals_in(settings.metrics_path).get((PROCESSES.name,), 0))
    if count > 1:
        seen = f"{count} processes of the service run on this database"
        return fail("sqlite-processes", seen, "one process and threads, or PostgreSQL")
    return ok("sqlite-processes", "one runs" if count else "none runs")
