"""What the root of the log needs besides the exported records, in the order of the log.

Three kinds of items. An *entry* is in clear: an artifact or a tombstone. A *subtree* is the root of
entries of which nothing is exported: erased, or not selected. A *tile* repeats the 256 leaf hashes
around exported records: the root needs none of them, but with them a verifier can say which of the
records is not what it was.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from consent_server.exports.selection import Head
from consent_server.exports.source import Source
from consent_server.ledger.canonical import base64url_encode
from consent_server.ledger.entries import EntryInvalid, Tombstone, decode
from consent_server.ledger.proofs import Tree
from consent_server.ledger.tiles import HASH_BYTES, WIDTH, Tile, tile_at
from consent_server.log.models import LogEntry, LogTile, QueuedEntry
from consent_server.log.tree import tile_hashes

#: Entries looked at in one transaction: 256 tiles.
CHUNK = WIDTH * WIDTH
#: How the entries of artifacts and of tombstones begin.
ARTIFACT, TOMBSTONE = b'{"h":', b'{"i":'


class Exported:
    """Which leaves of the log are exported: a bit each."""

    def __init__(self, size: int):
        self._bits = bytearray(-(-size // CHUNK) * CHUNK // 8)

    def add(self, index: int) -> None:
        """Remember a leaf."""
        self._bits[index >> 3] |= 1 << (index & 7)

    def marks(self, begin: int) -> str:
        """Return ``1`` or ``0`` for each leaf of a chunk."""
        bits = int.from_bytes(self._bits[begin >> 3 : (begin + CHUNK) >> 3], "little")
        return f"{bits:0{CHUNK}b}"[::-1]


class Trailer:
    """Yields the trailer of one export, and counts what was erased."""

    def __init__(self, source: Source, site_id: str, head: Head, exported: Exported):
        self._source = source
        self._site_id = site_id
        self._head = head
        self._exported = exported
        #: Reason → leaves that a tombstone names.
        self.erased: Counter[str] = Counter()

    def pages(self) -> Iterator[list[dict[str, Any]]]:
        """Yield the items, page by page; between two no transaction is open."""
        apart = 0  # where the entries begin that are neither exported nor in clear
        for begin in range(0, self._head.size, CHUNK):
            chunk = _Chunk(self._source, self._site_id, self._head.size, begin)
            clear = self._clear(begin)
            exported = self._exported.marks(begin)[: chunk.end - begin]
            marks = list(exported)
            for index in clear:
                marks[index - begin] = "2"
            page: list[dict[str, Any]] = []
            for at in range(0, len(marks), WIDTH):
                if "1" in exported[at : at + WIDTH]:
                    page += chunk.subtrees(apart, max(apart, begin + at))
                    apart = max(apart, begin + at)
                    page.append(chunk.tile((begin + at) // WIDTH))
                for first, last, mark in _runs(marks[at : at + WIDTH], begin + at):
                    if mark == "0":
                        continue
                    page += chunk.subtrees(apart, first)
                    apart = last
                    if mark == "2":
                        page += [self._clear_item(at, clear[at]) for at in range(first, last)]
            if chunk.end == self._head.size:
                page += chunk.subtrees(apart, chunk.end)
            self._source.rest()
            yield page
        later = list(self._later())
        self._source.rest()
        yield later

    def _clear(self, begin: int) -> dict[int, bytes]:
        """Return the artifacts and tombstones of a chunk, by leaf index."""
        end = min(begin + CHUNK, self._head.size)
        query = (
            sa.select(LogEntry.leaf_index, LogEntry.entry)
            .where(
                LogEntry.site_id == self._site_id,
                LogEntry.record_id.is_(None),
                LogEntry.leaf_index >= begin,
                LogEntry.leaf_index < end,
            )
            .order_by(LogEntry.leaf_index)
        )
        rows = self._source.read(lambda asked: asked.execute(query).all())
        found = {row.leaf_index: bytes(row.entry) for row in rows}
        return {at: entry for at, entry in found.items() if entry[:5] in (ARTIFACT, TOMBSTONE)}

    def _clear_item(self, index: int, entry: bytes) -> dict[str, Any]:
        try:
            return _entry(index, self._told(entry))
        except (EntryInvalid, UnicodeDecodeError) as error:
            raise EntryInvalid(f"entry {index}: is none of this log's format") from error

    def _later(self) -> Iterator[dict[str, Any]]:
        """Yield the tombstones of leaves of this tree that are not in it themselves yet."""
        site, size = self._site_id, self._head.size
        found: set[bytes] = set()
        for table, where in (  # in this order: they move from one to the other
            (QueuedEntry, (QueuedEntry.site_id == site, QueuedEntry.record_id.is_(None))),
            (LogEntry, (LogEntry.site_id == site, LogEntry.leaf_index >= size)),
        ):
            begins = sa.func.substr(table.entry, 1, len(TOMBSTONE)) == TOMBSTONE
            found |= self._entries(sa.select(table.entry).where(*where, begins))
        for entry in sorted(found):
            if self._names(entry):
                yield _entry(None, self._told(entry))

    def _entries(self, query: sa.Select[bytes]) -> set[bytes]:
        return set(map(bytes, self._source.read(lambda asked: asked.scalars(query).all())))

    def _names(self, entry: bytes) -> bool:
        tombstone = decode(entry)
        return isinstance(tombstone, Tombstone) and tombstone.indexes[0] < self._head.size

    def _told(self, entry: bytes) -> str:
        if entry[:5] == TOMBSTONE:
            tombstone = decode(entry)
            if isinstance(tombstone, Tombstone):
                self.erased[tombstone.reason] += len(tombstone.indexes)
        return entry.decode()


class _Chunk:
    """The hashes of a chunk; its tiles of level 0 are read at once."""

    def __init__(self, source: Source, site_id: str, size: int, begin: int):
        self.end = min(begin + CHUNK, size)
        self._size = size
        first = begin // WIDTH
        query = sa.select(LogTile.tile_index, LogTile.hashes).where(
            LogTile.site_id == site_id,
            LogTile.level == 0,
            LogTile.tile_index >= first,
            LogTile.tile_index < first + WIDTH,
        )
        rows = source.read(lambda asked: asked.execute(query).all())
        tiles = {row.tile_index: bytes(row.hashes) for row in rows}
        # No method of its own: a chunk that leads back to itself would stay until the garbage
        # collector comes by, with 2 MB of tiles, and it comes by for many objects alone.
        self._read = partial(_read, source, site_id, tiles)
        self._tree = Tree(size, self._read)

    def subtrees(self, begin: int, end: int) -> Iterator[dict[str, Any]]:
        """Yield the fewest subtrees over a range of leaves, which may begin in an earlier chunk."""
        for first, last, hashed in self._tree.cover(begin, end):
            yield {"begin": first, "end": last, "hash": base64url_encode(hashed)}

    def tile(self, index: int) -> dict[str, Any]:
        """Return the item that repeats a tile of leaf hashes."""
        return {
            "tile": index,
            "hashes": base64url_encode(self._read(tile_at(0, index, self._size))),
        }


def _read(source: Source, site_id: str, tiles: Mapping[int, bytes], tile: Tile) -> bytes:
    """Return the hashes of a tile.

    :param tiles: what was read of level 0, by its index
    """
    length = tile.width * HASH_BYTES
    if tile.level == 0 and len(tiles.get(tile.index, b"")) >= length:
        return tiles[tile.index][:length]
    return source.read(lambda asked: tile_hashes(site_id, tile, asked))


def _entry(index: int | None, text: str) -> dict[str, Any]:
    return {"index": index, "entry": text}


def _runs(marks: list[str], begin: int) -> Iterator[tuple[int, int, str]]:
    """Yield begin, end and mark of each run of equal marks.

    :param begin: place of the first mark in the log
    """
    for mark, run in groupby(marks):
        end = begin + sum(1 for _ in run)
        yield begin, end, mark
        begin = end
