"""What the trail says of a publication: what of it is in no bundle, and so in no other entry."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson
import sqlalchemy as sa

from consent_server.columns import rfc3339
from consent_server.db import db
from consent_server.ledger.canonical import canonical, digest
from consent_server.sites.models import Publication
from consent_server.trail.models import TrailLine


def facts_of(publication: Publication) -> dict[str, Any]:
    """Return what a line says of a publication; its hash is in the log, so none of it can change.

    :raises NotCanonical: the document is not one that can be published
    """
    reason = {} if publication.reason is None else {"reason": publication.reason}
    return {
        "revision": publication.revision,
        "hash": publication.bundle_hash,
        "document": digest(canonical(publication.document)),
        "published_at": rfc3339(publication.published_at),
        "immaterial": publication.immaterial,
        **reason,
    }


def facts_told(site_id: str) -> Mapping[int, Sequence[dict[str, Any]]]:
    """Return what the lines of a trail say of publications, by revision.

    One that brought a waiting publication into force says it again. One of an earlier version of
    the service says less, and one that was changed may say anything: of those there is nothing.
    """
    # As text: a line that is no JSON any more is not to keep the others from being read.
    lines = sa.select(sa.cast(TrailLine.facts, sa.Text)).where(
        TrailLine.site_id == site_id, TrailLine.what == "publish"
    )
    found: defaultdict[int, list[dict[str, Any]]] = defaultdict(list)
    for text in db.session.scalars(lines):
        with suppress(orjson.JSONDecodeError):
            facts = orjson.loads(text)
            revision = facts.get("revision") if isinstance(facts, dict) else None
            if isinstance(revision, int):
                found[revision] += [facts] if "document" in facts else []
    return found
