"""The service with something behind every route, for requests that should get past its door."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.sealing.publishing import publish_in_log
from consent_server.sealing.service import seal
from consent_server.sites.keys import create_key
from tests.application import ReadingClient
from tests.builders import ORIGIN, OTHER_VISITOR, VISITOR, a_document, acceptance, bundle_hash

#: What the operator shows at ``/metrics``.
OPERATOR = "0123456789abcdef0123456789abcdef"
SCOPES = ("check", "export", "admin")


@dataclass
class Filled:
    """A service in this process: the sites ``demo`` and ``other``, two visitors of the first."""

    app: Flask
    #: Scope → the header that carries a key of ``demo`` with it.
    keys: dict[str, dict[str, str]]
    #: A sealed record of ``VISITOR``, who accepted all, and the token for it.
    record: str
    token: str
    #: A token of the same installation, for ``other``.
    foreign: str

    def rows(self) -> dict[str, int]:
        """Return how many rows each table has."""
        with self.app.app_context(), db.engine.connect() as connection:
            return {
                table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
                for table in db.metadata.sorted_tables
            }


@contextmanager
def filled(database_url: str, folder: Path, now: datetime) -> Iterator[Filled]:
    """Give a filled service on a migrated, empty database; it counts no rates.

    :param folder: its data directory; the key ring in it is taken
    :param now: when everything in it was made
    """
    environment = {
        "DATABASE_URL": database_url,
        "CONSENT_DATA_DIR": str(folder),
        "CONSENT_PUBLIC_URL": "https://consent.example",
        "CONSENT_GPC_UPDATED": "2026-11-22",
        "CONSENT_METRICS_TOKEN": OPERATOR,
        "CONSENT_RATES": "false",
    }
    app = create_app(load_settings(environment))
    app.test_client_class = ReadingClient
    notary = app.extensions["consent_notary"]
    with app.app_context():
        for site in ("demo", "other"):
            publish_in_log(a_document(site), artifacts(), notary, now)
        keys = {scope: _header(create_key("demo", [scope], now)[1]) for scope in SCOPES}
    accepted = _decided(app, "demo", VISITOR)
    _decided(app, "demo", OTHER_VISITOR)
    foreign = _decided(app, "other", VISITOR)
    with app.app_context():
        seal("demo", notary, now)
        db.session.remove()
    yield Filled(app, keys, accepted["record_id"], accepted["token"], foreign["token"])
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _header(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _decided(app: Flask, site: str, visitor: str) -> dict[str, str]:
    """Accept all as a visitor; gives what was answered."""
    answer = app.test_client().post(
        f"/v1/sites/{site}/consents",
        json=acceptance(consent_id=visitor, bundle=bundle_hash(site)),
        headers={"Origin": ORIGIN},
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json or {})
