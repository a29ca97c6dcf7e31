"""The database schema: bring it up to date, or say that it is not.

Alembic is loaded by whoever changes the schema: a service that runs for months only reads names.
"""

import fcntl
import re
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
import structlog
from flask import Flask

from consent_server import patience
from consent_server.db import db
from consent_server.erasing.traces import DatabaseNotOwned
from consent_server.errors import ConsentError, told_of_database
from consent_server.settings import Settings

log = structlog.get_logger(__name__)

MIGRATIONS = Path(__file__).parent.parent / "migrations"
#: Advisory lock that one upgrade at a time holds on PostgreSQL.
UPGRADE_LOCK = 0x636F6E73656E74
#: How long a migration waits for a lock of PostgreSQL: whoever comes meanwhile waits behind it.
LOCK_PATIENCE = "100ms"
#: SQLSTATEs of a lock that was not to be had: nothing was done, and all of it is tried again.
NOT_TO_BE_HAD = {"55P03", "40P01"}
#: SQLSTATE of a role that does not own what is to be changed.
NOT_OWNED = "42501"
#: Seconds for which it is tried again, and between two tries, in which requests go on.
PATIENCE, PAUSE = 120.0, 0.3
#: A revision: its number and, after a point, the newest one that code has to know to run on it.
NAME = re.compile(r"(?P<number>\d{4})(\.(?P<floor>\d{4}))?")
#: Where a migration says which revision it leads to.
LEADS_TO = re.compile(r'^revision = "([^"]+)"$', re.MULTILINE)


class SchemaOutdated(ConsentError):
    """The database does not have the schema of this version."""

    status = 503
    reason = "schema_outdated"

    def __init__(self, found: str | None, needed: str):
        is_newer = found is not None and found not in revisions()
        mend = "a newer version of the service made it: install that one"
        if not is_newer:
            mend = "run: python -m consent_server db upgrade"
        super().__init__(
            f"the database is at schema {found or 'none'}, this version needs {needed}; {mend}"
        )
        self.found = found
        self.needed = needed


class SchemaInUse(ConsentError):
    """A table was not free for as long as an upgrade tries."""

    status = 503
    reason = "schema_in_use"

    def __init__(self) -> None:
        super().__init__(
            f"others held a table for {PATIENCE / 60:.0f} minutes: a backup, a VACUUM, a forgotten "
            "transaction (pg_stat_activity names them); nothing was changed, so try again later"
        )


class PoolerBetween(ConsentError):
    """Something that needs a session of its own is asked for through a pooler."""

    status = 409
    reason = "pooler_between"

    def __init__(self) -> None:
        super().__init__(
            "needs a session of its own: let DATABASE_URL name the server, not the pooler, "
            "and unset CONSENT_DATABASE_POOLED"
        )


def require_session(settings: Settings) -> None:
    """Refuse where what is set for a session would be set for somebody else's.

    :raises PoolerBetween: a pooler gives each transaction to another session
    """
    if settings.is_pooled:
        raise PoolerBetween


def head() -> str:
    """Return the schema revision of this version."""
    return _in_order(str(MIGRATIONS))[-1]


def revisions() -> set[str]:
    """Return every schema revision that this version knows."""
    return set(_in_order(str(MIGRATIONS)))


@lru_cache
def _in_order(folder: str) -> tuple[str, ...]:
    """Return what the migrations of a folder lead to; their files are named in their order."""
    files = sorted(Path(folder, "versions").glob("*.py"))
    return tuple(LEADS_TO.findall(file.read_text(encoding="utf-8"))[0] for file in files)


def current() -> str | None:
    """Return the schema revision of the database; None when it is empty."""
    with db.engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return found


def answers(app: Flask) -> bool:
    """Whether the database answers now; what keeps it from that is in the log."""
    before = patience.begin(patience.OF_A_REQUEST)
    try:
        with app.app_context():
            current()
    except sa.exc.OperationalError as error:
        log.error("database_unavailable", **told_of_database(error))
        return False
    finally:
        patience.go_back_to(before)
    return True


def runs_on(found: str | None) -> bool:
    """Whether this version runs on a schema: its own, or a newer one that keeps a place for it.

    So the schema can be upgraded first, and one process after another replaced afterwards.
    """
    own = head()
    if found == own:
        return True
    newer, known = NAME.fullmatch(found or ""), NAME.fullmatch(own)
    if newer is None or known is None or newer["number"] <= known["number"]:
        return False
    return (newer["floor"] or "") <= known["number"]


def require_newest() -> None:
    """Refuse where a table may be missing.

    :raises SchemaOutdated: the database does not have this version's schema
    """
    found, needed = current(), head()
    if found != needed:
        raise SchemaOutdated(found, needed)


def ensure_schema(app: Flask) -> None:
    """Upgrade an empty or older database, where the settings allow it.

    Safe when many processes start at once: one upgrades, the others wait and find it done.

    :raises SchemaOutdated: an upgrade is needed and not allowed
    """
    settings: Settings = app.extensions["consent_settings"]
    with app.app_context():
        found, needed = current(), head()
        if runs_on(found):
            if found != needed:
                log.warning("schema_newer", found=found, own=needed)
            return
        if not settings.auto_migrate or settings.is_pooled:
            raise SchemaOutdated(found, needed)
        upgrade(app)
        # The driver of SQLite keeps the statements of a connection that were run first, prepared:
        # those of an upgrade would leave no room for the ones that each request runs.
        db.engine.dispose()


def upgrade(app: Flask, revision: str = "head") -> None:
    """Bring the database to this version's schema, or to an earlier revision of it.

    A service may run on it meanwhile: what waits for a lock lets go of all others and tries again.

    :raises PoolerBetween: the lock that one upgrade holds belongs to a session
    :raises SchemaOutdated: the schema is one that a newer version made
    :raises SchemaInUse: a lock was not to be had for two minutes
    :raises DatabaseNotOwned: of a role that may not change it
    """
    settings: Settings = app.extensions["consent_settings"]
    require_session(settings)
    with app.app_context():
        found = current()
        if found is not None and found not in revisions():
            raise SchemaOutdated(found, head())
        if settings.is_sqlite:
            with (settings.data_dir / "upgrade.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                migrations(app)(revision=revision)
            return
        # Waits as long as another upgrade takes; outside a transaction, so that no idle time-out
        # ends it, and closed afterwards, so that no later request inherits its settings.
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard:
            guard.detach()
            guard.execute(sa.text("SET statement_timeout = 0"))
            guard.execute(sa.text("SET lock_timeout = 0"))
            guard.execute(sa.select(sa.func.pg_advisory_lock(UPGRADE_LOCK)))
            migrate_between_requests(migrations(app), revision)


def migrations(app: Flask) -> Callable[..., Any]:
    """Load Alembic, and return what runs an application's migrations."""
    from flask_migrate import Migrate
    from flask_migrate import upgrade as run

    Migrate(directory=str(MIGRATIONS), render_as_batch=True).init_app(app, db)
    return cast(Callable[..., Any], run)


def migrate_between_requests(run_migrations: Callable[..., Any], revision: str) -> None:
    """Run migrations on PostgreSQL, again and again until their locks are to be had.

    :raises SchemaInUse: they were not for two minutes
    :raises DatabaseNotOwned: of a role that may not change the schema
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            run_migrations(revision=revision)
            return
        except sa.exc.DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state == NOT_OWNED:
                raise DatabaseNotOwned from error
            if state not in NOT_TO_BE_HAD:
                raise
            if time.monotonic() > deadline:
                raise SchemaInUse from error
        log.info("upgrade_waits")
        time.sleep(PAUSE)
