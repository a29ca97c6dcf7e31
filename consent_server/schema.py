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
        if not settings.auto_migrate:
            raise SchemaOutdated(found, needed)
        upgrade(app)


def upgrade(app: Flask, revision: str = "head") -> None:
    """Bring the database to this version's schema, or to an earlier revision of it."""
    settings: Settings = app.extensions["consent_settings"]
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
