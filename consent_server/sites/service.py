"""Use cases of sites: plan, publish, archive, and what is in force at an instant."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from consent_server.db import db, lock_for_writing, writing
from consent_server.ledger.canonical import canonical, digest
from consent_server.sites.bundle import build_bundle
from consent_server.sites.document import SiteDocument
from consent_server.sites.errors import NothingToPublish, ReasonMissing, SiteUnknown
from consent_server.sites.models import Publication, Site, WidgetBuild
from consent_server.sites.plan import Plan, compare
from consent_server.sites.widget import WidgetParts


@dataclass(frozen=True)
class Artifacts:
    """What this installation ships and a bundle freezes."""

    #: Language tag → slot → text.
    texts: Mapping[str, Mapping[str, str]]
    #: The code of pages.
    widget: WidgetParts


@dataclass(frozen=True)
class SiteSummary:
    """One line of the list of sites."""

    site: Site
    publication: Publication


def require_site(site_id: str, *, archived: bool = False) -> Site:
    """Return a site.

    :param archived: whether an archived site counts; its evidence stays readable for its own keys
    :raises SiteUnknown: there is none
    """
    site = db.session.get(Site, site_id)
    if site is None or (site.archived_at is not None and not archived):
        raise SiteUnknown
    return site


def current_publication(site_id: str, *, archived: bool = False) -> Publication:
    """Return what a site has in force now.

    :raises SiteUnknown: there is no such site
    """
    require_site(site_id, archived=archived)
    publication = _latest(site_id)
    if publication is None:
        raise SiteUnknown
    return publication


def publication_in_force(site_id: str, at: datetime) -> Publication | None:
    """Return what was in force at an instant; none before the first publication."""
    return db.session.scalars(
        sa.select(Publication)
        .where(Publication.site_id == site_id, Publication.published_at <= at)
        .order_by(Publication.revision.desc())
        .limit(1)
    ).first()


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
    """Return the bundle as a value; shared and cached, so it is never changed."""
    return _parsed(publication.bundle_hash, publication.bundle)


@lru_cache(maxsize=256)
def _parsed(_bundle_hash: str, text: str) -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads(text)
    return bundle


def origins_of(publication: Publication) -> list[str]:
    """Return the origins whose pages may record decisions."""
    return list(publication.document["origins"])


def widget_build(build: str) -> WidgetBuild | None:
    """Return a widget build that was published once, if any."""
    return db.session.get(WidgetBuild, build)


def plan(document: SiteDocument, artifacts: Artifacts, *, immaterial: bool = False) -> Plan:
    """Compare a document with what its site has published; changes nothing."""
    previous = _latest(document.site)
    before = bundle_of(previous) if previous else None
    return compare(before, _bundle(document, artifacts, before, immaterial))


def publish(
    document: SiteDocument,
    artifacts: Artifacts,
    now: datetime,
    *,
    immaterial: bool = False,
    reason: str | None = None,
) -> Publication:
    """Freeze a document as the site's next bundle; creates the site at its first publication.

    :param immaterial: nobody is asked again; needs a reason
    :raises ReasonMissing: immaterial without a reason
    :raises NothingToPublish: the same is published already
    :source: GDPR Art. 4(11), consent is given to something specific
    """
    if immaterial and not (reason or "").strip():
        raise ReasonMissing
    with writing():
        lock_for_writing("publish", document.site)
        site = db.session.get(Site, document.site)
        if site is None:
            db.session.add(Site(id=document.site, created_at=now, archived_at=None))
            db.session.flush()
        is_back = site is not None and site.archived_at is not None
        if site is not None:
            site.archived_at = None
        previous = _latest(document.site)
        try:
            publication = _next_publication(document, artifacts, previous, now, immaterial, reason)
        except NothingToPublish:
            if not is_back or previous is None:
                raise
            db.session.commit()
            return previous
        for source in (artifacts.widget.build_of(document), artifacts.widget.second):
            _keep_build(source, now)
        db.session.add(publication)
        db.session.commit()
    return publication


def _keep_build(source: bytes, now: datetime) -> None:
    name = digest(source)
    if db.session.get(WidgetBuild, name) is None:
        db.session.add(WidgetBuild(hash=name, source=source, added_at=now))


def _next_publication(
    document: SiteDocument,
    artifacts: Artifacts,
    previous: Publication | None,
    now: datetime,
    immaterial: bool,
    reason: str | None,
) -> Publication:
    before = bundle_of(previous) if previous else None
    bundle = _bundle(document, artifacts, before, immaterial)
    values = document.as_dict()
    if previous is not None and before is not None:
        is_same = compare(before, bundle).nothing_to_publish and values == previous.document
        if is_same:
            raise NothingToPublish(previous.revision)
    frozen = canonical(bundle)
    return Publication(
        site_id=document.site,
        revision=bundle["revision"],
        bundle_hash=digest(frozen),
        bundle=frozen.decode(),
        document=values,
        published_at=max(now, previous.published_at) if previous else now,
        immaterial=immaterial,
        reason=reason,
    )


def _bundle(
    document: SiteDocument,
    artifacts: Artifacts,
    before: dict[str, Any] | None,
    immaterial: bool,
) -> dict[str, Any]:
    build = artifacts.widget.digest_for(document)
    return build_bundle(document, artifacts.texts, build, before, immaterial)


def archive(site_id: str, now: datetime) -> Site:
    """Take a site out of service; its records, bundles and keys stay as evidence.

    :raises SiteUnknown: there is no such site
    """
    with writing():
        site = require_site(site_id, archived=True)
        site.archived_at = site.archived_at or now
        db.session.commit()
    return site


def list_sites() -> list[SiteSummary]:
    """Return every site with what it has in force, by id."""
    sites = db.session.scalars(sa.select(Site).order_by(Site.id))
    pairs = ((site, _latest(site.id)) for site in sites)
    return [SiteSummary(site, publication) for site, publication in pairs if publication]


def _latest(site_id: str) -> Publication | None:
    return db.session.scalars(
        sa.select(Publication)
        .where(Publication.site_id == site_id)
        .order_by(Publication.revision.desc())
        .limit(1)
    ).first()
