"""The use cases of a new document: say what would change, freeze it as the site's next bundle."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from consent_server.db import db, lock_for_writing, writing
from consent_server.ledger.canonical import canonical, digest
from consent_server.log.queue import queue_artifact
from consent_server.sites.artifacts import Artifacts
from consent_server.sites.bundle import build_bundle
from consent_server.sites.document import SiteDocument
from consent_server.sites.errors import NothingToPublish, ReasonMissing
from consent_server.sites.lost import lost_revision
from consent_server.sites.models import Publication, Site, WidgetBuild
from consent_server.sites.plan import Plan, compare
from consent_server.sites.remembered import memory
from consent_server.sites.service import (
    artifacts_of,
    bundle_of,
    is_archived,
    latest_publication,
)


def plan(
    document: SiteDocument,
    artifacts: Artifacts,
    *,
    immaterial: bool = False,
    promised: Collection[bytes] = (),
) -> Plan:
    """Compare a document with what its site has published; changes nothing.

    :param promised: see :func:`publish`
    """
    _, planned = _drafted(
        document, artifacts, latest_publication(document.site), immaterial, promised
    )
    return planned


def publish(
    document: SiteDocument,
    artifacts: Artifacts,
    now: datetime,
    *,
    immaterial: bool = False,
    reason: str | None = None,
    promised: Collection[bytes] = (),
    before_commit: Callable[[Publication], object] = bool,
) -> Publication:
    """Freeze a document as the site's next bundle; creates the site at its first publication.

    :param immaterial: nobody is asked again; needs a reason
    :param promised: entries of bundles that were signed, and that the database lacks
    :param before_commit: writes what is to be there together with the publication, or not at all
    :raises ReasonMissing: immaterial without a reason
    :raises NothingToPublish: the same is published already
    :source: GDPR Art. 4(11), consent is given to something specific
    """
    if immaterial and not (reason or "").strip():
        raise ReasonMissing
    with writing():
        lock_for_writing("publish", document.site)
        is_back = is_archived(document.site)
        if is_back is None:
            db.session.add(Site(id=document.site, created_at=now, archived_at=None))
            db.session.flush()
        elif is_back:
            back = sa.update(Site).where(Site.id == document.site).values(archived_at=None)
            db.session.execute(back)
        previous = latest_publication(document.site)
        drafted = _drafted(document, artifacts, previous, immaterial, promised)
        try:
            publication = _next_publication(document, drafted, previous, now, immaterial, reason)
        except NothingToPublish:
            if not is_back or previous is None:
                raise
            publication = previous
        else:
            for source in (artifacts.widget.build_of(document), artifacts.widget.second):
                _keep_build(source, now)
            db.session.add(publication)
            for artifact in artifacts_of(publication, previous):
                queue_artifact(publication.site_id, artifact, publication.published_at)
        before_commit(publication)
        db.session.commit()
    memory().sites.forget(document.site)
    return publication


def _keep_build(source: bytes, now: datetime) -> None:
    name = digest(source)
    if db.session.get(WidgetBuild, name) is None:
        db.session.add(WidgetBuild(hash=name, source=source, added_at=now))


def _next_publication(
    document: SiteDocument,
    drafted: tuple[dict[str, Any], Plan],
    previous: Publication | None,
    now: datetime,
    immaterial: bool,
    reason: str | None,
) -> Publication:
    bundle, planned = drafted
    values = document.as_dict()
    if previous and values == previous.document and planned.nothing_to_publish:
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


def _drafted(
    document: SiteDocument,
    artifacts: Artifacts,
    previous: Publication | None,
    immaterial: bool,
    promised: Collection[bytes],
) -> tuple[dict[str, Any], Plan]:
    """Return the bundle that would be published, and what is other in it."""
    before = bundle_of(previous) if previous else None
    build, lost = artifacts.widget.digest_for(document), lost_revision(document.site, promised)
    bundle = build_bundle(document, artifacts.texts, build, before, immaterial, lost)
    return bundle, compare(before, bundle, lost)
