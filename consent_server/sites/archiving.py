"""Use case of an operator: take a site out of service."""

from datetime import datetime

import sqlalchemy as sa

from consent_server.columns import is_instant
from consent_server.db import db, writing
from consent_server.sites.models import Site
from consent_server.sites.remembered import memory
from consent_server.sites.service import require_site


def archive(site_id: str, now: datetime) -> None:
    """Take a site out of service; its records, bundles and keys stay as evidence.

    One that is keeps the instant at which it was, unless that cannot be read.

    :param now: aware, UTC
    :raises SiteUnknown: there is no such site
    """
    since = sa.or_(Site.archived_at.is_(None), _is_unreadable())
    with writing():
        require_site(site_id, archived=True)
        db.session.execute(
            sa.update(Site).where(Site.id == site_id, since).values(archived_at=now),
            execution_options={"synchronize_session": False},
        )
        db.session.commit()
    memory().sites.forget(site_id)


def is_since_unreadable(site_id: str) -> bool:
    """Whether a site was archived, and somebody changed when, so that it cannot be read.

    It is out of service all the same. To archive or to publish it writes that anew.
    """
    query = sa.select(Site.id).where(Site.id == site_id, _is_unreadable())
    found = db.session.scalar(query) is not None
    db.session.rollback()
    return found


def _is_unreadable() -> sa.ColumnElement[bool]:
    is_read = is_instant(Site.archived_at, db.engine.dialect.name)
    return sa.and_(Site.archived_at.is_not(None), sa.not_(is_read))
