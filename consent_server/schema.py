"""The database schema: bring it up to date, or say that it is not."""

import fcntl
from pathlib import Path

import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import Migrate
from flask_migrate import upgrade as run_migrations

from consent_server.db import db
from consent_server.errors import ConsentError
from consent_server.settings import Settings

MIGRATIONS = Path(__file__).parent.parent / "migrations"
#: Advisory lock that one upgrade at a time holds on PostgreSQL.
UPGRADE_LOCK = 0x636F6E73656E74

migrate = Migrate(directory=str(MIGRATIONS), render_as_batch=True)


class SchemaOutdated(ConsentError):
    """The database does not have the schema of this version."""

    status = 503
    reason = "schema_outdated"

    def __init__(self, found: str | None, needed: str):
        super().__init__(
            f"the database is at schema {found or 'none'}, this version needs {needed}; "
            "run: python -m consent_server db upgrade"
        )
        self.found = found
        self.needed = needed


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
    revision = ScriptDirectory(str(MIGRATIONS)).get_current_head()
    return str(revision)


def revisions() -> set[str]:
    """Return every schema revision that this version knows."""
    scripts = ScriptDirectory(str(MIGRATIONS)).walk_revisions()
    return {script.revision for script in scripts}


def current() -> str | None:
    """Return the schema revision of the database; None when it is empty."""
    with db.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


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
        if found == needed:
            return
        if not settings.auto_migrate or settings.is_pooled:
            raise SchemaOutdated(found, needed)
        upgrade(app)
        # The driver of SQLite keeps the statements of a connection that were run first, prepared:
        # those of an upgrade would leave no room for the ones that each request runs.
        db.engine.dispose()


def upgrade(app: Flask, revision: str = "head") -> None:
    """Bring the database to this version's schema, or to an earlier revision of it.

    :raises PoolerBetween: the lock that one upgrade holds belongs to a session
    """
    settings: Settings = app.extensions["consent_settings"]
    require_session(settings)
    with app.app_context():
        if settings.is_sqlite:
            with (settings.data_dir / "upgrade.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                run_migrations(revision=revision)
            return
        # Waits as long as another upgrade takes; outside a transaction, so that no idle time-out
        # ends it, and closed afterwards, so that no later request inherits its settings.
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard:
            guard.detach()
            guard.execute(sa.text("SET statement_timeout = 0"))
            guard.execute(sa.text("SET lock_timeout = 0"))
            guard.execute(sa.select(sa.func.pg_advisory_lock(UPGRADE_LOCK)))
            run_migrations(revision=revision)
