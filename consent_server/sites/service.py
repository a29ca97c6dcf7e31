"""What sites there are, what they have published, and what of it is in force at an instant."""

from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from consent_server.db import db
from consent_server.ledger.entries import Artifact, encode
from consent_server.log.queue import is_older_than_its_log, waiting_in_clear
from consent_server.sites.errors import PublicationPending, SiteUnknown
from consent_server.sites.models import Publication, Site, WidgetBuild
from consent_server.sites.parsing import listed_origins, parsed_bundle


def require_site(site_id: str, *, archived: bool = False) -> None:
    """Refuse what is about no site; when it was archived is not read, only whether.

    :param archived: whether an archived site counts; its evidence stays readable for its own keys
    :raises SiteUnknown: there is none
    """
    was_archived = is_archived(site_id)
    if was_archived is None or (was_archived and not archived):
        raise SiteUnknown


def is_archived(site_id: str) -> bool | None:
    """Return whether a site is, whenever that was; None where there is no such site."""
    return db.session.scalar(sa.select(Site.archived_at.is_not(None)).where(Site.id == site_id))


def current_publication(site_id: str, *, archived: bool = False) -> Publication:
    """Return what a site has in force now: the newest publication that its log has.

    :raises SiteUnknown: there is no such site
    :raises PublicationPending: its first publication waits for the log
    """
    newest = newest_publication(site_id, archived=archived)
    publication = _in_log(newest)
    if publication is None:
        raise PublicationPending(newest.revision)
    return publication


def newest_publication(site_id: str, *, archived: bool = False) -> Publication:
    """Return what a site published last, whether or not it is in force.

    :raises SiteUnknown: there is no such site
    """
    require_site(site_id, archived=archived)
    publication = latest_publication(site_id)
    if publication is None:
        raise SiteUnknown
    return publication


def publication_in_force(site_id: str, at: datetime) -> Publication | None:
    """Return what was in force at an instant; none before the first publication."""
    return _in_log(latest_publication(site_id, Publication.published_at <= at))


def is_in_force(publication: Publication) -> bool:
    """Whether pages get this publication now."""
    return _in_log(latest_publication(publication.site_id)) is publication


def _in_log(publication: Publication | None) -> Publication | None:
    """Return a publication, or the last one before it, of which nothing waits for the log (R049).

    A visitor is shown nothing whose hash is not signed: else it could be changed afterwards.
    """
    newest = publication
    waiting = waiting_in_clear(publication.site_id) if publication is not None else ()
    while publication is not None and waiting:
        earlier = Publication.revision < publication.revision
        previous = latest_publication(publication.site_id, earlier)
        if all(encode(one) not in waiting for one in artifacts_of(publication, previous)):
            break
        publication = previous
    if publication is None and newest is not None and is_older_than_its_log(newest.site_id):
        return newest
    return publication


def publication_of(site_id: str, bundle_hash: str) -> Publication | None:
    """Return the publication of this site that has this bundle, if any."""
    return db.session.scalars(
        sa.select(Publication).where(
            Publication.site_id == site_id, Publication.bundle_hash == bundle_hash
        )
    ).first()


def publications(site_id: str) -> list[Publication]:
    """Return every publication of a site, oldest first."""
    query = sa.select(Publication).where(Publication.site_id == site_id)
    return list(db.session.scalars(query.order_by(Publication.revision)))


def bundle_of(publication: Publication) -> dict[str, Any]:
    """Return the bundle as a value; shared and cached, so it is never changed.

    :raises RowUnreadable: somebody changed the row, and it is none
    """
    return parsed_bundle(publication.bundle_hash, publication.bundle)


@lru_cache(maxsize=1024)
def reprompt_after(site_id: str, bundle_hash: str) -> str:
    """Return how long a choice made on a bundle of this site lasts, ISO 8601.

    :raises LookupError: the site never published it
    """
    publication = publication_of(site_id, bundle_hash)  # the hash says it all: cached for ever
    if publication is None:
        raise LookupError("a record without its publication")
    duration: str = bundle_of(publication)["reprompt_after"]
    return duration


def origins_of(publication: Publication) -> list[str]:
    """Return the origins whose pages may record decisions.

    :raises RowUnreadable: somebody changed the row, and it names none
    """
    return listed_origins(publication.document)


def widget_build(build: str) -> WidgetBuild | None:
    """Return a widget build that was published once, if any."""
    return db.session.get(WidgetBuild, build)


def artifacts_of(publication: Publication, previous: Publication | None) -> list[Artifact]:
    """Return what a publication adds to the site's log: its bundle, and its build if that is new.

    :source: CNIL délibération 2020-092 (proof of consent): the hash, published with its date
    """
    build = bundle_of(publication)["build"]
    before = bundle_of(previous)["build"] if previous else None
    number = f"{publication.site_id}/{{}}/{publication.revision}".format
    bundle_before = previous.bundle_hash if previous else None
    found = [Artifact("config", number("config"), publication.bundle_hash, bundle_before)]
    if build != before:
        found.append(Artifact("ui", number("ui"), build, before))
    return found


def latest_publication(site_id: str, *conditions: sa.ColumnElement[bool]) -> Publication | None:
    """Return the newest of a site's publications that conditions hold for, if any."""
    return db.session.scalars(
        sa.select(Publication)
        .where(Publication.site_id == site_id, *conditions)
        .order_by(Publication.revision.desc())
        .limit(1)
    ).first()
