"""Proofs from tiles, and their verification, which needs nothing but the proof and a checkpoint.

An inclusion proof shows that an entry is in a tree; a consistency proof that a tree only grew.

Sources: RFC 6962 section 2.1, RFC 9162 sections 2.1.3 and 2.1.4
"""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from consent_server.errors import ConsentError
from consent_server.ledger.merkle import node_hash, nodes_above, root
from consent_server.ledger.tiles import HASH_BYTES, HEIGHT, WIDTH, Tile, TileInvalid, fold, tile_at


class ProofInvalid(ConsentError):
    """The proof does not show what it is for."""

    status = 422
    reason = "proof_invalid"


#: Tiles whose subtrees are remembered, 24 KB each: as many as stand above 16 million leaves.
REMEMBERED = 256


class Subtrees:
    """The roots of the complete subtrees of one tile, each level made once it is asked for."""

    def __init__(self, hashes: bytes):
        """:param hashes: of the tile, side by side"""
        #: The same of the subtrees of each height, 0 to 8. Threads that make one make the same.
        self._levels = {0: hashes}

    def root(self, height: int, index: int) -> bytes:
        """Return the root of a subtree of 2 to the ``height`` hashes, counted at its height."""
        for above in range(1, height + 1):
            if above not in self._levels:
                self._levels[above] = nodes_above(self._levels[above - 1])
        return self._levels[height][index * HASH_BYTES : (index + 1) * HASH_BYTES]


@lru_cache(REMEMBERED)
def _remembered(hashes: bytes) -> Subtrees:
    """Return the subtrees of a tile, which is known by all of its hashes."""
    return Subtrees(hashes)


class Tree:
    """A tree of one size, read tile by tile; a tile is read once."""

    def __init__(self, size: int, read: Callable[[Tile], bytes]):
        """:param read: returns the bytes of a tile; what it raises is passed on"""
        self.size = size
        self._read = read
        self._tiles: dict[Tile, Subtrees] = {}

    @property
    def reads(self) -> int:
        """How many tiles were read so far."""
        return len(self._tiles)

    def leaf(self, index: int) -> bytes:
        """Return the hash of a leaf."""
        return self._node(0, index)

    def root(self) -> bytes:
        """Return the root (RFC 6962 section 2.1)."""
        return self._range(0, self.size)

    def inclusion(self, index: int) -> list[bytes]:
        """Return the proof that the leaf at this index is in the tree, from the leaf upwards.

        :raises IndexError: the tree has no such leaf
        :source: RFC 6962 section 2.1.1
        """
        if not 0 <= index < self.size:
            raise IndexError(f"the tree has {self.size} leaves")
        return self._path(index, 0, self.size)

    def consistency(self, earlier: int) -> list[bytes]:
        """Return the proof that this tree grew from the one with that many leaves.

        :raises IndexError: the other tree is larger
        :source: RFC 6962 section 2.1.2
        """
        if not 0 <= earlier <= self.size:
            raise IndexError(f"the tree has {self.size} leaves")
        if earlier in (0, self.size):
            return []
        return self._grown(earlier, 0, self.size, is_whole=True)

    def cover(self, begin: int, end: int) -> Iterator[tuple[int, int, bytes]]:
        """Yield the fewest complete subtrees over a range of leaves: begin, end and root of each.

        :raises IndexError: the tree has no such leaves
        """
        if not 0 <= begin <= end <= self.size:
            raise IndexError(f"the tree has {self.size} leaves")
        while begin < end:
            height = (end - begin).bit_length() - 1
            if begin:
                height = min(height, (begin & -begin).bit_length() - 1)
            yield begin, begin + (1 << height), self._node(height, begin >> height)
            begin += 1 << height

    def _path(self, index: int, begin: int, end: int) -> list[bytes]:
        if end - begin == 1:
            return []
        middle = begin + _split(end - begin)
        if index < middle:
            return [*self._path(index, begin, middle), self._range(middle, end)]
        return [*self._path(index, middle, end), self._range(begin, middle)]

    def _grown(self, earlier: int, begin: int, end: int, *, is_whole: bool) -> list[bytes]:
        if earlier == end:
            return [] if is_whole else [self._range(begin, end)]
        middle = begin + _split(end - begin)
        if earlier <= middle:
            left = self._grown(earlier, begin, middle, is_whole=is_whole)
            return [*left, self._range(middle, end)]
        right = self._grown(earlier, middle, end, is_whole=False)
        return [*right, self._range(begin, middle)]

    def _range(self, begin: int, end: int) -> bytes:
        """Return the root of the leaves from ``begin`` to before ``end`` as a tree of their own."""
        complete = []
        while begin < end:
            height = (end - begin).bit_length() - 1
            complete.append(self._node(height, begin >> height))
            begin += 1 << height
        return fold(complete)

    def _node(self, height: int, index: int) -> bytes:
        """Return the root of a complete subtree of 2 to the ``height`` leaves."""
        level, above = divmod(height, HEIGHT)
        first = index << above
        tile = tile_at(level, first >> HEIGHT, self.size)
        if tile not in self._tiles:
            data = self._read(tile)
            if len(data) != tile.width * HASH_BYTES:
                raise TileInvalid(f"tile {tile.path} has another length")
            # One of leaf hashes that is full is hardly ever asked for twice, the others always.
            is_shared = tile.level or tile.width < WIDTH
            self._tiles[tile] = _remembered(data) if is_shared else Subtrees(data)
        return self._tiles[tile].root(above, first % WIDTH >> above)


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes
) -> None:
    """Check that a leaf is in the tree with this root.

    :param leaf: the hash of the entry, :func:`consent_server.ledger.merkle.leaf_hash`
    :param index: its place, from 0
    :param size: leaves of the tree
    :param proof: hashes of 32 bytes, from the leaf upwards
    :param expected: the root, 32 bytes
    :raises ProofInvalid: it is not, or the proof is another leaf's or another tree's
    :source: RFC 9162 section 2.1.3.2
    """
    if not 0 <= index < size:
        raise ProofInvalid("the tree has no such leaf")
    hashed = leaf
    for sibling, is_left in _beside(index, size - 1, proof):
        hashed = node_hash(sibling, hashed) if is_left else node_hash(hashed, sibling)
    if hashed != expected:
        raise ProofInvalid("the entry is not in the tree at this index")


def verify_consistency(
    earlier: int, size: int, proof: Sequence[bytes], earlier_root: bytes, expected: bytes
) -> None:
    """Check that a tree only grew since it had ``earlier`` leaves.

    :param earlier: leaves of the earlier tree, which may be none
    :param size: leaves of the later tree
    :param proof: hashes of 32 bytes, from the lowest upwards; none for trees of one size
    :param expected: the root of the later tree, 32 bytes
    :raises ProofInvalid: something before that changed, or the proof is for other trees
    :source: RFC 9162 section 2.1.4.2
    """
    if not 0 <= earlier <= size:
        raise ProofInvalid("no later tree is smaller")
    if earlier in (0, size):
        if proof or earlier_root != (expected if earlier else root([])):
            raise ProofInvalid("the trees differ")
        return
    hashes = list(proof)
    # The earlier tree is one complete subtree: its root is the first hash, and goes without saying.
    if earlier & (earlier - 1) == 0:
        hashes.insert(0, earlier_root)
    if not hashes:
        raise ProofInvalid("the proof is too short")
    at, last = earlier - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    older = newer = hashes[0]
    for sibling, is_left in _beside(at, last, hashes[1:]):
        older = node_hash(sibling, older) if is_left else older
        newer = node_hash(sibling, newer) if is_left else node_hash(newer, sibling)
    if older != earlier_root or newer != expected:
        raise ProofInvalid("the later tree did not grow from the earlier one")


def _beside(at: int, last: int, proof: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each hash of a proof and whether it stands on the left, on the way up to the root.

    :param at: the node where the way begins, counted at its height
    :param last: the last node at that height
    :raises ProofInvalid: the way is longer or shorter than the proof
    """
    for sibling in proof:
        if last == 0 or len(sibling) != HASH_BYTES:
            raise ProofInvalid("the proof is too long, or holds something else than hashes")
        is_left = bool(at & 1) or at == last
        while is_left and at and not at & 1:
            at, last = at >> 1, last >> 1
        yield sibling, is_left
        at, last = at >> 1, last >> 1
    if last:
        raise ProofInvalid("the proof is too short")


def _split(leaves: int) -> int:
    """Return the largest power of two below a number of leaves."""
    return 1 << (leaves - 1).bit_length() - 1
