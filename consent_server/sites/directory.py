"""What is in force for a site now, without a query a request; see ``sites.remembered``."""

from collections.abc import Callable

import sqlalchemy as sa

from consent_server.db import db
from consent_server.errors import ConsentError
from consent_server.log.models import QueuedEntry
from consent_server.sites.models import Publication, Site
from consent_server.sites.remembered import KnownSite, Stamp, memory
from consent_server.sites.service import current_publication

_OF_SITE = sa.bindparam("site", type_=sa.Text)
STAMP = sa.select(
    Site.archived_at.is_not(None),  # whatever stands there, it is not in service
    sa.select(sa.func.max(Publication.revision))
    .where(Publication.site_id == _OF_SITE)
    .scalar_subquery(),
    sa.exists().where(QueuedEntry.site_id == _OF_SITE, QueuedEntry.record_id.is_(None)),
).where(Site.id == _OF_SITE)


def in_force(site_id: str, fits: Callable[[Publication], bool] = lambda _: True) -> Publication:
    """Return what a site has in force, as it was less than a second ago or later.

    What this process published or sealed counts at once. The caller has no transaction open: what
    the session holds is rolled back when the database has to be asked.

    :param fits: whether what is remembered may answer; if not, the database is asked now, as
        another process may have published a moment ago what lets a request pass
    :returns: in no session and shared, so it is never changed
    :raises SiteUnknown: there is no such site, or it is archived
    :raises PublicationPending: its first publication waits for the log
    """
    sites = memory().sites
    known = sites.fresh(site_id)
    if known is None or not fits(known.publication):
        known = look_at(site_id)
    return known.publication


def look_at(site_id: str) -> KnownSite:
    """Ask the database: one statement where nothing changed, all of it where something did.

    :raises SiteUnknown: there is no such site, or it is archived; it is forgotten
    :raises PublicationPending: its first publication waits for the log; it is forgotten
    """
    sites = memory().sites
    beginning = sites.begin()
    db.session.rollback()  # a transaction that is open might not see what was committed since
    stamp = _stamp(site_id)
    known = sites.last(site_id)
    if known is None or known.stamp != stamp or stamp.is_waiting:
        try:
            publication = current_publication(site_id)
        except ConsentError:
            sites.forget(site_id)
            raise
        db.session.expunge(publication)
        known = KnownSite(stamp, publication)
    db.session.rollback()  # the connection goes back: whoever writes next opens its own transaction
    sites.keep(site_id, known, beginning)
    return known


def _stamp(site_id: str) -> Stamp:
    row = db.session.connection().execute(STAMP, {"site": site_id}).one_or_none()
    if row is None:
        return Stamp(is_archived=True, newest_revision=None, is_waiting=False)
    return Stamp(bool(row[0]), row[1], bool(row[2]))
