"""A database as after 25 months: records whose time is over, and the requests of today."""

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import sqlalchemy as sa

from bench.contestants import SITE_DOCUMENT, environment_of
from bench.log.filling import fill
from consent_server import roles, rowscope
from consent_server.application import create_app
from consent_server.config import load_settings
from consent_server.consents.models import COLUMNS, ConsentRecord
from consent_server.db import db, writing
from consent_server.embed.shipped import artifacts
from consent_server.schema import ensure_schema
from consent_server.sealing.service import seal
from consent_server.sites.document import load_document
from consent_server.sites.durations import months_before
from consent_server.sites.publishing import publish
from tests.machine.cluster import Cluster

#: Longer than a site may keep anything.
AGE_MONTHS = 25
SERVICE = "bench_service"
OF_TODAY = {
    "record_id": "'young-' || substr(CAST(10000000000000000 + number AS TEXT), 2)",
    "subject": "substr(CAST(1000000000000000 + number AS TEXT) || one.subject, 1, 43)",
}
#: Records of today like one that is there, and the keys of their requests.
YOUNG = (
    "INSERT INTO consent_records WITH RECURSIVE numbers (number) AS "  # noqa: S608
    "(SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < :count) SELECT "
    f"{', '.join(OF_TODAY.get(name, f'one.{name}') for name in COLUMNS)} "
    "FROM consent_records AS one, numbers WHERE record_id = :record_id"
)
KEYS = (
    "INSERT INTO idempotency_keys SELECT site_id, 'of-' || record_id, 'x', record_id, recorded_at "
    "FROM consent_records WHERE record_id LIKE 'young-%'"
)


def filled(url: str, folder: Path, records: int, keys: int) -> None:
    """Fill an empty database.

    :param folder: the data directory
    :param records: that were sealed 25 months ago, of as many visitors
    :param keys: of requests of today, each with its record
    """
    now = datetime.now(UTC).replace(microsecond=0)
    app = create_app(load_settings(environment_of(url, folder)))
    ensure_schema(app)
    then = months_before(now, AGE_MONTHS)
    with app.app_context(), rowscope.every_site():
        publication = publish(
            load_document(SITE_DOCUMENT.read_text(encoding="utf-8")), artifacts(), then
        )
        site, notary = publication.site_id, app.extensions["consent_notary"]
        seal(site, notary, then)
        fill(publication, records, then, "refused")  # of a grant, the end would be recorded first
        fill(publication, 1, now)
        seal(site, notary, now)
        young = db.session.scalar(
            sa.select(ConsentRecord.record_id).order_by(ConsentRecord.recorded_at.desc()).limit(1)
        )
        if keys:
            _add_requests(keys, young)
        db.session.remove()
        db.engine.dispose()


def _add_requests(count: int, like: str | None) -> None:
    with writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.execute(sa.text(YOUNG), {"count": count, "record_id": like})
        connection.execute(sa.text(KEYS))
        db.session.commit()


def for_the_service(private: Cluster) -> str:
    """Make the role of the service in a cluster that was filled; return its address."""
    url = private.url()
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SET statement_timeout = 0")
        for statement in [*roles.creation(SERVICE), *roles.grants(SERVICE)]:
            connection.execute(statement)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
    return url.replace("consent@", f"{SERVICE}@")
