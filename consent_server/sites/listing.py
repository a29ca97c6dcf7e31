"""Use case of an operator: which sites there are."""

from dataclasses import dataclass

import sqlalchemy as sa

from consent_server.db import db
from consent_server.sites.models import Publication, Site
from consent_server.sites.service import newest_publication


@dataclass(frozen=True)
class SiteSummary:
    """One line of the list of sites."""

    site: Site
    publication: Publication


def list_sites() -> list[SiteSummary]:
    """Return every site with what it published last, by id."""
    sites = db.session.scalars(sa.select(Site).order_by(Site.id)).all()
    return [SiteSummary(site, newest_publication(site.id, archived=True)) for site in sites]
