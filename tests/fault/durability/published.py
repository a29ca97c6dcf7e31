"""A service on a PostgreSQL server that a test ends, and its log afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask

from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.schema import ensure_schema
from consent_server.sealing.audit import Audit
from consent_server.sealing.publishing import publish_in_log
from consent_server.sealing.service import seal
from tests.builders import a_document


@contextmanager
def published(url: str, data: Path) -> Iterator[Flask]:
    """Publish the site ``demo``; ``environment`` of what comes is that of a service beside it.

    :param url: of the database
    :param data: the data directory
    """
    environment = {
        "DATABASE_URL": url,
        "CONSENT_DATA_DIR": str(data),
        "CONSENT_PUBLIC_URL": "https://consent.example",
        "CONSENT_MERGE_DELAY": "2",
    }
    made = create_app(load_settings(environment))
    made.environment = environment
    ensure_schema(made)
    with made.app_context():
        notary = made.extensions["consent_notary"]
        publish_in_log(a_document(), artifacts(), notary, datetime.now(UTC))
        db.session.remove()
        db.engine.dispose()
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


def audited(app: Flask) -> list[str]:
    """Seal what waits, and return what the audit finds."""
    with app.app_context():
        notary = app.extensions["consent_notary"]
        # A minute on, whoever died at it no longer has the lease of the log.
        seal("demo", notary, datetime.now(UTC) + timedelta(minutes=1))
        return [str(finding) for finding in Audit("demo", notary).findings()]
