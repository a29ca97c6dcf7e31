"""Publications that were signed and that the site no longer has: lost with a database.

Visitors agreed to them, and nobody can tell any more to what. So their consent must cover nothing
that is published afterwards.
"""

from collections.abc import Collection

import sqlalchemy as sa

from consent_server.db import db
from consent_server.ledger.entries import Artifact, decode
from consent_server.log.tree import bundles_in
from consent_server.sites.models import Publication


def lost_revision(site_id: str, promised: Collection[bytes] = ()) -> int:
    """Return the highest revision that is lost, 0 where none is.

    :param promised: entries of bundles that were signed, and that the database lacks
    """
    ours = sa.select(Publication.bundle_hash).where(Publication.site_id == site_id)
    hashes = set(db.session.scalars(ours))
    bundles = [decode(entry) for entry in {*bundles_in(site_id), *promised}]
    return max(
        (
            int(bundle.name.rpartition("/")[2])
            for bundle in bundles
            if isinstance(bundle, Artifact) and bundle.digest not in hashes
        ),
        default=0,
    )
