"""Which sites there are, whatever one of their rows says."""

import sqlalchemy as sa

from consent_server.columns import is_id, raw, shown
from consent_server.db import db
from consent_server.errors import RowUnreadable
from consent_server.sites.models import Site


def site_ids(*conditions: sa.ColumnElement[bool]) -> list[str]:
    """Return the ids of sites, in their order, but those that are none."""
    of_sites = is_id(Site.id, db.engine.dialect.name), *conditions
    return list(db.session.scalars(sa.select(Site.id).where(*of_sites).order_by(Site.id)))


def unreadable_site_ids() -> list[str]:
    """Return what stands for an id and is none, as text that can be printed; mostly nothing.

    SQLite keeps any bytes as text.
    """
    engine = db.engine.dialect.name
    query = sa.select(raw(Site.id, engine)).where(sa.not_(is_id(Site.id, engine)))
    return sorted(map(shown, db.session.scalars(query)))


def require_readable_sites() -> None:
    """Tell that there are sites which nobody can look at.

    :raises RowUnreadable: there are
    """
    names = unreadable_site_ids()
    db.session.rollback()
    if names:
        raise RowUnreadable(
            f"nothing was looked at of the site that somebody called {', '.join(names)}: no site "
            "has such an id; put the row of the database right"
        )
