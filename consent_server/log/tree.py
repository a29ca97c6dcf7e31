"""Read the stored tree of a site: its head, its tiles, its entries."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from consent_server.db import db
from consent_server.driver import widened
from consent_server.ledger.canonical import base64url_encode
from consent_server.ledger.proofs import Tree
from consent_server.ledger.tiles import HASH_BYTES, Edge, Tile, TileInvalid, edge
from consent_server.log.models import ARTIFACT_BEGINS, LogEntry, LogTile, SignedCheckpoint
from consent_server.statements import Query

#: A proof reads a few tiles, one after another.
TILE = Query(
    sa.select(LogTile.hashes).where(
        LogTile.site_id == sa.bindparam("site"),
        LogTile.level == sa.bindparam("level"),
        LogTile.tile_index == sa.bindparam("index"),
    )
)

#: What follows the hash in the entry of a bundle, and in no other, and where.
BUNDLE = b'","k":"config",'
BUNDLE_AT = len('{"h":"') + len(base64url_encode(bytes(HASH_BYTES)))


def last_checkpoint(site_id: str) -> SignedCheckpoint | None:
    """Return the newest checkpoint of a site, if anything was signed yet."""
    return db.session.scalars(
        sa.select(SignedCheckpoint)
        .where(SignedCheckpoint.site_id == site_id)
        .order_by(SignedCheckpoint.size.desc())
        .limit(1)
    ).first()


def is_anything_signed() -> bool:
    """Whether this installation ever signed a checkpoint, of whatever site."""
    with widened(db.session.connection()):
        return db.session.scalar(sa.select(SignedCheckpoint.size).limit(1)) is not None


def tile_hashes(site_id: str, tile: Tile, connection: Connection | None = None) -> bytes:
    """Return the hashes of a tile; of a partial one the beginning of what it became.

    :param connection: that of the session without one
    :raises TileInvalid: it is not stored, or not as wide yet
    """
    asked = {"site": site_id, "level": tile.level, "index": tile.index}
    row = TILE.first(connection or db.session.connection(), asked)
    length = tile.width * HASH_BYTES
    if row is None or len(row[0]) < length:
        raise TileInvalid(f"tile {tile.path} is not stored")
    return bytes(row[0][:length])


def stored_tree(site_id: str, size: int) -> Tree:
    """Return the tree of the first ``size`` entries, to make proofs from."""
    return Tree(size, lambda tile: tile_hashes(site_id, tile))


def stored_edge(site_id: str, size: int) -> Edge:
    """Return the right edge of that tree, to make it grow.

    :raises TileInvalid: a tile of the edge is not stored
    """
    return Edge(size, [(tile, tile_hashes(site_id, tile)) for tile in edge(size)])


def entries_between(site_id: str, begin: int, end: int) -> Sequence[sa.Row[int, bytes, str | None]]:
    """Return ``leaf_index``, ``entry`` and ``record_id`` of the entries of a range, in order.

    :param begin: the first index, from 0
    :param end: the first index that is none of them any more
    """
    return db.session.execute(
        sa.select(LogEntry.leaf_index, LogEntry.entry, LogEntry.record_id)
        .where(
            LogEntry.site_id == site_id,
            LogEntry.leaf_index >= begin,
            LogEntry.leaf_index < end,
        )
        .order_by(LogEntry.leaf_index)
    ).all()


def is_bundle(entry: bytes) -> bool:
    """Whether an entry stands for a published bundle."""
    return entry[BUNDLE_AT : BUNDLE_AT + len(BUNDLE)] == BUNDLE


def bundles_in(site_id: str) -> list[bytes]:
    """Return the entries of a log that stand for published bundles, in no order."""
    query = sa.select(LogEntry.entry).where(
        *artifacts_of(site_id),
        sa.func.substr(LogEntry.entry, BUNDLE_AT + 1, len(BUNDLE)) == BUNDLE,
    )
    return [bytes(entry) for entry in db.session.scalars(query)]


def artifacts_of(site_id: str) -> tuple[sa.ColumnElement[bool], sa.TextClause]:
    """Return the conditions of a log's entries that stand for artifacts; an index finds them."""
    return LogEntry.site_id == site_id, sa.text(ARTIFACT_BEGINS[db.engine.dialect.name])
