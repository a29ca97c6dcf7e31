"""The tree in tiles: 256 hashes side by side, as they are stored and served.

A tile at level 0 holds leaf hashes, one at level 1 the roots of full tiles below it, and so on.
Only the rightmost tile of a level can be partial; it is never hashed into the level above.

Source: https://c2sp.org/tlog-tiles
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from consent_server.errors import ConsentError
from consent_server.ledger.merkle import node_hash, root

#: Hashes of a full tile; 2 to the power of its height.
WIDTH = 256
HEIGHT = 8
HASH_BYTES = 32
#: Largest entry, so that its length fits into two bytes.
LARGEST_ENTRY = 65_535

_PATH = re.compile(
    r"(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?\Z",
    re.ASCII,
)


class TileInvalid(ConsentError):
    """The path names no tile, or the bytes are not those of the tile."""

    status = 404
    reason = "tile_invalid"


@dataclass(frozen=True, order=True)
class Tile:
    """The place of a tile."""

    #: 0 to 63.
    level: int
    index: int
    #: 1 to 256 hashes.
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Where it is served, below ``tile/``."""
        return f"{self.level}/{_index_path(self.index, self.width)}"

    @property
    def entries_path(self) -> str:
        """Where the entries are served whose hashes the tile of level 0 holds."""
        return f"entries/{_index_path(self.index, self.width)}"

    @property
    def end(self) -> int:
        """The smallest tree that has it."""
        return (self.index * WIDTH + self.width) * int(WIDTH**self.level)


def parse_path(path: str) -> tuple[Tile, bool]:
    """Return the tile that a path below ``tile/`` names, and whether its entries are meant.

    :raises TileInvalid: no such path, or another spelling of one
    """
    found = _PATH.match(path)
    if not found:
        raise TileInvalid("no path of a tile")
    level = 0 if found["level"] == "entries" else int(found["level"])
    index = int(found["index"].replace("x", "").replace("/", ""))
    width = int(found["width"] or WIDTH)
    tile = Tile(level, index, width)
    is_entries = found["level"] == "entries"
    # One tile has one path: x000/001 and 256 hashes called partial are refused.
    if level > 63 or path != (tile.entries_path if is_entries else tile.path):
        raise TileInvalid("no path of a tile")
    return tile, is_entries


def width_at(level: int, index: int, size: int) -> int:
    """Return how many hashes a tile holds in a tree of this size; 0 where it does not exist."""
    return max(0, min(WIDTH, (size >> (HEIGHT * level)) - index * WIDTH))


def tile_at(level: int, index: int, size: int) -> Tile:
    """Return a tile as it is in a tree of this size.

    :raises TileInvalid: the tree has no such tile
    """
    width = width_at(level, index, size)
    if not width:
        raise TileInvalid("the tree has no such tile")
    return Tile(level, index, width)


def edge(size: int) -> Iterator[Tile]:
    """Yield the partial tiles of a tree from level 0 up: all that it needs in order to grow."""
    level = 0
    while size:
        if size % WIDTH:
            yield Tile(level, size // WIDTH, size % WIDTH)
        size //= WIDTH
        level += 1


def hashes_of(data: bytes) -> list[bytes]:
    """Return the hashes of a tile one by one."""
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


class Edge:
    """The right edge of a tree, which grows leaf by leaf and gives the tiles to be stored.

    Memory: one partial tile a level, whatever the size of the tree.
    """

    def __init__(self, size: int = 0, partial: Iterable[tuple[Tile, bytes]] = ()):
        """:param partial: the tiles of :func:`edge` for this size, with their bytes
        :raises TileInvalid: not exactly these tiles, or of another length
        """
        given = dict(partial)
        if set(given) != set(edge(size)):
            raise TileInvalid("not the partial tiles of a tree of this size")
        self.size = size
        self._levels: list[list[bytes]] = []
        for tile, data in sorted(given.items()):
            if len(data) != tile.width * HASH_BYTES:
                raise TileInvalid(f"tile {tile.path} has another length")
            self._level(tile.level).extend(hashes_of(data))

    def append(self, leaf_hashes: Iterable[bytes]) -> list[tuple[Tile, bytes]]:
        """Add leaves; return every tile that is new or longer, full ones first.

        :param leaf_hashes: what :func:`consent_server.ledger.merkle.leaf_hash` returned
        """
        full: list[tuple[Tile, bytes]] = []
        touched: set[int] = set()
        for leaf in leaf_hashes:
            self._add(0, leaf, full, touched)
            self.size += 1
        partial = [
            (tile, b"".join(self._levels[tile.level]))
            for tile in edge(self.size)
            if tile.level in touched
        ]
        return full + partial

    def root(self) -> bytes:
        """Return the root of the tree as it is now (RFC 6962 section 2.1)."""
        complete: list[bytes] = []
        for hashes in reversed(self._levels):
            complete.extend(_complete(hashes))
        return fold(complete)

    def _add(
        self, level: int, hashed: bytes, full: list[tuple[Tile, bytes]], touched: set[int]
    ) -> None:
        hashes = self._level(level)
        hashes.append(hashed)
        touched.add(level)
        if len(hashes) == WIDTH:
            index = self.size >> (HEIGHT * (level + 1))
            full.append((Tile(level, index), b"".join(hashes)))
            above = root(hashes)
            hashes.clear()
            self._add(level + 1, above, full, touched)

    def _level(self, level: int) -> list[bytes]:
        while len(self._levels) <= level:
            self._levels.append([])
        return self._levels[level]


def fold(complete: Sequence[bytes]) -> bytes:
    """Return the root above complete subtrees, largest first, as they stand from left to right."""
    if not complete:
        return root([])
    above = complete[-1]
    for left in reversed(complete[:-1]):
        above = node_hash(left, above)
    return above


def pack(entries: Iterable[bytes]) -> bytes:
    """Return entries as an entry bundle: each after its length in two bytes, high byte first.

    :raises ValueError: an entry is longer than 65,535 bytes
    """
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in map(_checked, entries))


def unpack(data: bytes) -> list[bytes]:
    """Return the entries of an entry bundle.

    :raises TileInvalid: it ends within an entry
    """
    entries = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise TileInvalid("an entry bundle ends within an entry")
        entries.append(data[at + 2 : end])
        at = end
    return entries


def _checked(entry: bytes) -> bytes:
    if len(entry) > LARGEST_ENTRY:
        raise ValueError(f"an entry has at most {LARGEST_ENTRY} bytes, not {len(entry)}")
    return entry


def _complete(hashes: list[bytes]) -> Iterator[bytes]:
    """Yield the roots of the complete subtrees of a partial tile, largest first."""
    at = 0
    for height in reversed(range(HEIGHT)):
        if len(hashes) >> height & 1:
            yield root(hashes[at : at + (1 << height)])
            at += 1 << height


def _index_path(index: int, width: int) -> str:
    """Return an index in groups of three digits, all but the last with an ``x`` before them."""
    digits = f"{index:03}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    path = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return path if width == WIDTH else f"{path}.p/{width}"
