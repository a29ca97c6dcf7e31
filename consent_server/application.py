"""Wires the service: settings, keys, database, the HTTP layers, then one line a feature."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import structlog
from flask import Flask

from consent_server import openapi, rowscope
from consent_server.config import SettingsInvalid, load_settings
from consent_server.consents import routes as consents
from consent_server.db import db, engine_options, prepare_engine, prepare_sessions
from consent_server.embed import routes as embed
from consent_server.embed.repeating import Repeating
from consent_server.erasing.erasedlist import ErasedList
from consent_server.evidence import routes as evidence
from consent_server.exports import routes as exports
from consent_server.operations import routes as operations
from consent_server.rates.service import Rates
from consent_server.replica import replica_of
from consent_server.reserve import Reserve
from consent_server.rights import routes as rights
from consent_server.sealing import routes as sealing
from consent_server.sealing.notary import Notary
from consent_server.settings import Settings
from consent_server.sites.models import Site
from consent_server.tokens.keyring import KeyRing
from consent_server.tokens.ringfile import KeyRingUnusable
from consent_server.trail import routes as trail
from consent_server.web import cors, headers, limits, patience, problems, tenancy
from consent_server.web.api import Api
from consent_server.web.direct import DirectFlask
from consent_server.wellknown import routes as wellknown
from consent_server.witnessing.policyfile import read_policy

log = structlog.get_logger(__name__)

FEATURES = (
    consents.pages,
    consents.checks,
    wellknown.keys,
    wellknown.gpc,
    embed.embed,
    exports.exports,
    rights.rights,
    sealing.log,
    evidence.evidence,
    trail.trail,
    operations.operations,
)


def create_app(settings: Settings | None = None) -> Flask:
    """Build the service.

    Makes the data directory and the key ring at the first start; touches no table.

    :param settings: from the environment when absent
    :raises SettingsInvalid: a setting that the service cannot run with
    :raises KeyRingUnusable: the key ring is damaged or open to other users
    :raises PolicyInvalid: the witnesses of the logs cannot be read
    """
    settings = settings or load_settings(os.environ)
    _make_data_directory(settings)
    app = DirectFlask(__name__, static_folder=None)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.ensure_sync = _as_it_is  # type: ignore[assignment,method-assign]
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings)
    app.extensions["consent_settings"] = settings
    app.extensions["consent_issuer"] = settings.public_url
    for part in (headers, tenancy, patience, limits, cors, problems):
        part.init_app(app)
    prepare_sessions(app)
    with app.app_context():
        prepare_engine(db.engine)
        if not settings.key_ring_path.exists():
            _refuse_a_lost_key_ring(settings)
    app.extensions["consent_replica"] = replica_of(settings)
    app.extensions["consent_rates"] = (
        Rates(settings.proxies, settings.rates_path) if settings.has_rates else None
    )
    app.extensions["consent_reserve"] = Reserve(settings.reserve_path, settings.reserve)
    app.extensions["consent_keys"] = KeyRing.open(settings.data_dir, datetime.now(UTC))
    app.extensions["consent_erased"] = ErasedList(settings.data_dir, app.extensions["consent_keys"])
    app.extensions["consent_notary"] = Notary(
        settings.data_dir, settings.public_url, read_policy(settings.witness_policy)
    )
    api = openapi.init_api(app, Api())
    for blueprint in FEATURES:
        api.register_blueprint(blueprint)
    app.register_blueprint(openapi.docs)
    app.take(consents.WAYS)
    with app.app_context():
        repeating = Repeating(app.wsgi_app, db.engine, app.extensions["consent_keys"])
    app.wsgi_app = repeating  # type: ignore[method-assign]
    return app


def _as_it_is(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a view or hook: each is synchronous, and is not looked at fifteen times a request."""
    return function


def _make_data_directory(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        problem = f"{settings.data_dir} cannot be made: {error.strerror}"
        raise SettingsInvalid({"CONSENT_DATA_DIR": [problem]}) from None


def _refuse_a_lost_key_ring(settings: Settings) -> None:
    """Make no new keys for a database that has sites: nobody could reach the records of the old.

    Withdrawals would no longer be linked to their grants, and visitors no longer find theirs.

    :raises KeyRingUnusable: sites are published, and the key ring is not where it was
    """
    if settings.is_sqlite and not settings.sqlite_path.exists():
        return
    if not sa.inspect(db.engine).has_table(Site.__tablename__):
        return
    with rowscope.every_site():
        is_used = db.session.scalar(sa.select(sa.func.count()).select_from(Site))
    db.session.remove()
    db.engine.dispose()  # nothing is kept open by an application that is not built yet
    if is_used:
        problem = "is missing, but the database has sites; restore it from a backup"
        raise KeyRingUnusable(settings.key_ring_path, problem)
