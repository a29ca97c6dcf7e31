"""One installation on SQLite that a fault meets: made, looked at, and audited afterwards."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.schema import ensure_schema
from consent_server.sealing.audit import Audit
from consent_server.sealing.publishing import publish_in_log
from consent_server.sealing.service import seal
from consent_server.sqlite import sqlite3
from tests.builders import a_document


def publish_demo(environment: dict[str, str]) -> None:
    """Publish the site ``demo`` in an installation that this makes."""
    app = create_app(load_settings(environment))
    ensure_schema(app)
    with app.app_context():
        notary = app.extensions["consent_notary"]
        publish_in_log(a_document(), artifacts(), notary, datetime.now(UTC))
        db.session.remove()
        db.engine.dispose()


def records_in(database: Path) -> list[str]:
    """Return the ids of the records that a database has; it has to be in order."""
    with closing(sqlite3.connect(database)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        assert verdict == "ok", verdict
        return [row[0] for row in connection.execute("SELECT record_id FROM consent_records")]


def audited(environment: dict[str, str]) -> list[str]:
    """Return what the audit of the log finds after the service sealed what waits."""
    app = create_app(load_settings(environment))
    with app.app_context():
        notary = app.extensions["consent_notary"]
        try:
            # A minute on, whoever died at it no longer has the lease of the log.
            seal("demo", notary, datetime.now(UTC) + timedelta(minutes=1))
            return [str(finding) for finding in Audit("demo", notary).findings()]
        finally:
            db.session.remove()
            db.engine.dispose()
