"""The application under test: its clock, a site to test with, and a look at what was stored.

No fixture holds an application context open around a request: the test would share its session
with the service and not notice a forgotten commit.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from consent_server import rowscope
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.consents.models import ConsentRecord
from consent_server.db import db
from consent_server.embed.shipped import artifacts
from consent_server.sealing import service as sealing
from consent_server.sealing.notary import Notary
from consent_server.sealing.publishing import publish_in_log
from consent_server.sites import looking, remembered
from consent_server.sites import service as sites
from consent_server.sites.keys import create_key
from consent_server.sites.publishing import publish as publish_alone
from tests.builders import ORIGIN, a_document
from tests.server import Server, start

NOW = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)


def pytest_configure() -> None:
    """Remember nothing of sites and keys in this process: a test changes them and asks at once.

    ``tests/sites/test_remembered.py`` puts it back, with a clock of its own.
    """
    remembered.FRESH_SECONDS = 0.0
    looking.PATIENCE = 60.0
    # What a test itself looks at, outside of any request, is of all sites.
    rowscope.enter(rowscope.EVERYBODY)


class Clock:
    """The clock of the service, which only the test moves."""

    def __init__(self, instant: datetime):
        self.instant = instant

    def now(self, tz: Any = None) -> datetime:
        """Stand in for ``datetime.now``."""
        return self.instant

    def set(self, instant: datetime | str) -> datetime:
        """Move to an instant; a text is RFC 3339."""
        if isinstance(instant, str):
            instant = datetime.fromisoformat(instant)
        self.instant = instant
        return instant

    def advance(self, **duration: int) -> datetime:
        """Move by a ``timedelta``."""
        return self.set(self.instant + timedelta(**duration))


@pytest.fixture
def clock(monkeypatch) -> Clock:
    """The one clock of the service, standing still at ``NOW``."""
    stopped = Clock(NOW)
    monkeypatch.setattr("consent_server.web.clock.datetime", stopped)
    return stopped


@pytest.fixture
def environment(database_url, tmp_path) -> dict[str, str]:
    """The environment of a service on a fresh database."""
    return {
        "DATABASE_URL": database_url,
        "CONSENT_DATA_DIR": str(tmp_path / "var"),
        "CONSENT_PUBLIC_URL": "https://consent.example",
        "CONSENT_GPC_UPDATED": "2026-11-22",
    }


@pytest.fixture
def app(environment) -> Iterator[Flask]:
    """The service on a fresh database, once on each engine."""
    made = create_app(load_settings(environment))
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


class ReadingClient(FlaskClient):
    """Reads every answer to its end, as a server's client does, so that no stream is left open.

    A request begins with nobody's scope, as in a thread of a server: what forgets to enter one sees
    no row here either.
    """

    def open(self, *args: Any, **kwargs: Any) -> Any:
        with rowscope.one_site(""):
            return super().open(*args, **{"buffered": True, **kwargs})


@pytest.fixture
def client(app, clock) -> FlaskClient:
    """A client of the service; nothing is published yet."""
    app.test_client_class = ReadingClient
    return app.test_client()


@pytest.fixture
def publish(app, clock, notary) -> Callable[..., sites.Publication]:
    """Publish a site's document, with some keys replaced, at the clock's instant."""

    def publish(site: str = "demo", *, reason: str | None = None, **changes: Any) -> Any:
        document = a_document(site, **changes)
        with app.app_context():
            is_immaterial = reason is not None
            published = publish_in_log(
                document,
                artifacts(),
                notary,
                clock.instant,
                immaterial=is_immaterial,
                reason=reason,
            ).publication
            db.session.refresh(published)
            db.session.expunge(published)
            return published

    return publish


@pytest.fixture
def published_unsealed(app, clock) -> sites.Publication:
    """The site ``demo``, whose log is not signed yet."""
    with app.app_context():
        published = publish_alone(a_document(), artifacts(), clock.instant)
        db.session.refresh(published)
        db.session.expunge(published)
        return published


@pytest.fixture
def site(publish):
    """The site ``demo``, published."""
    return publish("demo")


@pytest.fixture
def decide(client, site) -> Callable[..., Any]:
    """Send a decision as the widget does: JSON as plain text, from a page of the site."""

    def decide(body: dict[str, Any], origin: str = ORIGIN, site_id: str = "demo") -> Any:
        return client.post(
            f"/v1/sites/{site_id}/consents",
            data=json.dumps(body),
            content_type="text/plain;charset=UTF-8",
            headers={"Origin": origin},
        )

    return decide


@pytest.fixture
def records(app) -> Callable[..., list[dict[str, Any]]]:
    """Read every record of a site from the database, in the order of the log."""

    def records(site_id: str = "demo") -> list[dict[str, Any]]:
        query = sa.select(ConsentRecord).where(ConsentRecord.site_id == site_id)
        order = (ConsentRecord.recorded_at, ConsentRecord.record_id)
        with app.app_context():
            found = db.session.scalars(query.order_by(*order))
            return [record.exported(with_subject=True) for record in found]

    return records


@pytest.fixture
def rows(app) -> Callable[..., list[dict[str, Any]]]:
    """Read a table, of one site, as the database holds it."""

    def rows(table: str, order: str = "1", site: str = "demo") -> list[dict[str, Any]]:
        query = f"SELECT * FROM {table} WHERE site_id = :site ORDER BY {order}"  # noqa: S608
        with app.app_context(), db.engine.connect() as connection:
            found = connection.execute(sa.text(query), {"site": site})
            return [dict(row) for row in found.mappings()]

    return rows


@pytest.fixture
def notary(app) -> Notary:
    """What signs for the installation under test."""
    return app.extensions["consent_notary"]


@pytest.fixture
def seal(app, clock, notary) -> Callable[..., sealing.Sealed]:
    """Seal a site's log at the clock's instant."""

    def seal(site: str = "demo") -> sealing.Sealed:
        with app.app_context():
            return sealing.seal(site, notary, clock.instant)

    return seal


@pytest.fixture
def api_key(app, clock) -> Callable[..., dict[str, str]]:
    """Make an API key; gives the header that carries it."""

    def api_key(*scopes: str, site: str = "demo") -> dict[str, str]:
        with app.app_context():
            _, key = create_key(site, scopes or ("check",), clock.instant)
        return {"Authorization": f"Bearer {key}"}

    return api_key


@pytest.fixture
def check(client, site, api_key) -> Callable[..., dict[str, Any]]:
    """Ask the check API about one token; gives the answer's body."""
    key = api_key("check")

    def check(token: str | None, category: str | None = "analytics", **asked: str) -> Any:
        question = {"site": "demo", "token": token, "category": category, **asked}
        parameters = {name: value for name, value in question.items() if value is not None}
        answer = client.get("/v1/check", query_string=parameters, headers=key)
        assert answer.status_code == 200, answer.text
        return answer.json

    return check


@pytest.fixture
def server(app, environment, tmp_path, publish) -> Iterator[Server]:
    """The service as a process of its own, under gunicorn; the site ``demo`` is published."""
    publish("demo")
    running = start(environment, tmp_path)
    yield running
    running.stop()
