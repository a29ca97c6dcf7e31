"""The tree of a log built again from its entries, and compared with every tile and checkpoint."""

from collections.abc import Callable, Iterator, Sequence

import sqlalchemy as sa

from consent_server.db import db
from consent_server.ledger.merkle import leaf_hash
from consent_server.ledger.note import NoteKey
from consent_server.ledger.tiles import HASH_BYTES, WIDTH, Edge, Tile, edge
from consent_server.log.models import LogCosignature, LogTile, SignedCheckpoint
from consent_server.log.witnesses import problem_of, said_of
from consent_server.sealing.errors import LogInconsistent
from consent_server.sealing.findings import Finding
from consent_server.sealing.growth import signed_head

#: Of tiles: no tree is higher.
LEVELS = 8


class Replay:
    """Grows as the log grew, at the memory of one partial tile a level."""

    def __init__(self, site_id: str, keys: Callable[[int], Sequence[NoteKey]]):
        """:param keys: gives those that can have signed the log at a size"""
        self.site_id = site_id
        self._keys = keys
        self._edge = Edge()
        self._partial: dict[Tile, bytes] = {}
        self._checkpoint = 0
        #: A leaf that is another says it all: so is every hash above it, and every later root.
        self._is_other_tree = False

    @property
    def size(self) -> int:
        """How many entries were replayed."""
        return self._edge.size

    def append(self, entries: Sequence[bytes]) -> Iterator[Finding]:
        """Add the next entries; yield what the tiles and checkpoints up to there say otherwise."""
        begin = self.size
        checkpoints = self._checkpoints(begin, begin + len(entries))
        for checkpoint in checkpoints:
            yield from self._grow(entries[self.size - begin : checkpoint.size - begin])
            yield from self._check(checkpoint)
        yield from self._grow(entries[self.size - begin :])

    def finish(self) -> Iterator[Finding]:
        """Yield what is wrong with the partial tiles, and with tiles that no entry stands for."""
        wanted = set(edge(self.size))
        for tile in sorted(wanted):
            yield from self._compare(tile, self._partial[tile])
        stored = db.session.execute(
            sa.select(LogTile.level, LogTile.tile_index).where(
                LogTile.site_id == self.site_id, sa.or_(*self._beyond())
            )
        )
        for level, index in stored:
            place = index * WIDTH ** (level + 1) if 0 <= level < LEVELS else None
            yield Finding(place, f"tile {Tile(level, index).path} has no entries below it")
        yield from self._without_a_tree()

    def _without_a_tree(self) -> Iterator[Finding]:
        """Yield which checkpoints are of no tree, and which cosignatures of no checkpoint."""
        before = sa.select(SignedCheckpoint.size).where(
            SignedCheckpoint.site_id == self.site_id, SignedCheckpoint.size < 1
        )
        for size in db.session.scalars(before.order_by(SignedCheckpoint.size)):
            yield Finding(None, f"checkpoint {size}: stands before the beginning")
        of_it = sa.exists().where(
            SignedCheckpoint.site_id == LogCosignature.site_id,
            SignedCheckpoint.size == LogCosignature.size,
        )
        of_none = sa.select(LogCosignature.size).where(
            LogCosignature.site_id == self.site_id, ~of_it
        )
        for size in db.session.scalars(of_none.order_by(LogCosignature.size).distinct()):
            yield Finding(None, f"checkpoint {size}: was cosigned, and is missing")

    def _grow(self, entries: Sequence[bytes]) -> Iterator[Finding]:
        if not entries:
            return
        for tile, hashes in self._edge.append(map(leaf_hash, entries)):
            if tile.width == WIDTH:
                yield from self._compare(tile, hashes)
            else:
                self._partial[tile] = hashes
        wanted = set(edge(self.size))
        self._partial = {tile: data for tile, data in self._partial.items() if tile in wanted}

    def _compare(self, tile: Tile, hashes: bytes) -> Iterator[Finding]:
        stored = db.session.scalar(
            sa.select(LogTile.hashes).where(
                LogTile.site_id == self.site_id,
                LogTile.level == tile.level,
                LogTile.tile_index == tile.index,
            )
        )
        below = WIDTH**tile.level
        if tile.level and self._is_other_tree:
            return
        if stored is None:
            yield Finding(tile.index * WIDTH * below, f"tile {tile.path} is missing")
        elif bytes(stored) != hashes:
            self._is_other_tree |= tile.level == 0
            at = _first_difference(bytes(stored), hashes)
            place = (tile.index * WIDTH + at) * below
            yield Finding(place, f"tile {tile.path} holds another hash than the entries have")

    def _check(self, checkpoint: SignedCheckpoint) -> Iterator[Finding]:
        name = f"checkpoint {checkpoint.size}"
        if checkpoint.previous_size != self._checkpoint:
            yield Finding(None, f"{name}: the checkpoint before it is not the one it names")
        self._checkpoint = checkpoint.size
        try:
            head = signed_head(checkpoint, self._keys(checkpoint.size))
        except LogInconsistent as refusal:
            yield Finding(None, str(refusal))
            return
        if head.root != self._edge.root() and not self._is_other_tree:
            self._is_other_tree = True
            yield Finding(None, f"{name}: the entries make another tree than the one it signs")
        for said in said_of(self.site_id, checkpoint.size):
            problem = problem_of(said, checkpoint.note)
            if problem is not None:
                yield Finding(None, f"{name}: {problem}")

    def _checkpoints(self, begin: int, end: int) -> Sequence[SignedCheckpoint]:
        return db.session.scalars(
            sa.select(SignedCheckpoint)
            .where(
                SignedCheckpoint.site_id == self.site_id,
                SignedCheckpoint.size > begin,
                SignedCheckpoint.size <= end,
            )
            .order_by(SignedCheckpoint.size)
        ).all()

    def _beyond(self) -> Iterator[sa.ColumnElement[bool]]:
        """Yield the conditions of tiles that a tree of this size does not have."""
        yield LogTile.tile_index < 0
        yield LogTile.level < 0
        level, nodes = 0, self.size
        while nodes:
            tiles = -(-nodes // WIDTH)
            yield (LogTile.level == level) & (LogTile.tile_index >= tiles)
            level, nodes = level + 1, nodes // WIDTH
        yield LogTile.level >= level


def _first_difference(stored: bytes, hashes: bytes) -> int:
    """Return the position of the first hash that differs, or that one of both lacks."""
    length = min(len(stored), len(hashes))
    same = (
        at for at in range(0, length, HASH_BYTES) if stored[at : at + 32] != hashes[at : at + 32]
    )
    return next(same, length) // HASH_BYTES
