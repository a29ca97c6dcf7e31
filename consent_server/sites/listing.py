"""Use case of an operator: which sites there are."""

from dataclasses import dataclass
from datetime import datetime

from consent_server.columns import UNREADABLE, as_written
from consent_server.db import db
from consent_server.sites.archiving import is_since_unreadable
from consent_server.sites.known import site_ids, unreadable_site_ids
from consent_server.sites.models import Publication, Site
from consent_server.sites.service import newest_publication

#: Of a row whose id is none.
NO_ID = "its id cannot be read, so that nobody finds it: put the row of the database right"


@dataclass(frozen=True)
class SiteSummary:
    """One line of the list of sites."""

    site_id: str
    name: str
    archived_at: datetime | None
    publication: Publication


@dataclass(frozen=True)
class UnreadableSite:
    """A site whose rows somebody changed."""

    site_id: str
    #: In words: what, and what mends it.
    problem: str


def list_sites() -> list[SiteSummary | UnreadableSite]:
    """Return every site with what it published last, by id; its id alone where that is unreadable.

    One whose rows somebody changed keeps no other from being listed.
    """
    found: list[SiteSummary | UnreadableSite] = []
    for site_id in site_ids():
        try:
            found.append(_summary(site_id))
        except UNREADABLE:
            found.append(UnreadableSite(site_id, _problem(site_id)))
    return found + [UnreadableSite(name, NO_ID) for name in unreadable_site_ids()]


def _problem(site_id: str) -> str:
    if is_since_unreadable(site_id):
        return "when it was archived cannot be read: site archive or site publish writes it anew"
    return "cannot be read: run log audit SITE, and selfcheck"


def _summary(site_id: str) -> SiteSummary:
    with as_written():
        site = db.session.get_one(Site, site_id)
        publication = newest_publication(site_id, archived=True)
        name = publication.document["name"]
    return SiteSummary(site_id, str(name), site.archived_at, publication)
