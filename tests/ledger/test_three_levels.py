"""Proofs of a tree with full tiles above full tiles, against trees that are kept level by level."""

import hashlib
import random

import pytest

from consent_server.ledger.proofs import Tree, verify_consistency, verify_inclusion
from tests.ledger.trees import leaves, split_of, stored

COUNT = 65_536 + 700
SIZES = [65_279, 65_280, 65_281, 65_535, 65_536, 65_537, 65_792, 65_793, COUNT]


@pytest.fixture(scope="module")
def levels():
    """The roots of all complete subtrees, by height; made of pairs, and of no tile."""
    found = [leaves(COUNT)]
    while len(found[-1]) > 1:
        below = found[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        found.append([_above(left, right) for left, right in pairs])
    return found


@pytest.fixture(scope="module")
def tiles(levels):
    """The latest hashes of each tile of a tree that grew in steps of all kinds."""
    _, found = stored(levels[0], *range(1, COUNT, 977))
    return {(tile.level, tile.index): hashes for tile, hashes in sorted(found.items())}


@pytest.mark.parametrize("size", SIZES)
def test_they_are_those_of_the_definition(levels, tiles, size):
    chosen = random.Random(size)
    tree = Tree(size, lambda tile: tiles[tile.level, tile.index][: tile.width * 32])
    whole = _root(levels, 0, size)

    for at in {0, 255, 256, size - 257, size - 1, *chosen.sample(range(size), 20)}:
        proof = tree.inclusion(at)
        assert proof == _path(levels, at, 0, size)
        verify_inclusion(levels[0][at], at, size, proof, whole)
    for earlier in {1, 256, 257, size - 1, *chosen.sample(range(1, size), 20)}:
        proof = tree.consistency(earlier)
        assert proof == _growth(levels, earlier, 0, size, is_whole=True)
        verify_consistency(earlier, size, proof, _root(levels, 0, earlier), whole)


def _above(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def _root(levels, begin, end):
    """RFC 6962 section 2.1."""
    count = end - begin
    if count & (count - 1) == 0:
        return levels[count.bit_length() - 1][begin // count]
    middle = begin + split_of(count)
    return _above(_root(levels, begin, middle), _root(levels, middle, end))


def _path(levels, index, begin, end):
    """RFC 6962 section 2.1.1."""
    if end - begin == 1:
        return []
    middle = begin + split_of(end - begin)
    if index < middle:
        return [*_path(levels, index, begin, middle), _root(levels, middle, end)]
    return [*_path(levels, index, middle, end), _root(levels, begin, middle)]


def _growth(levels, earlier, begin, end, *, is_whole):
    """RFC 6962 section 2.1.2."""
    if earlier == end:
        return [] if is_whole else [_root(levels, begin, end)]
    middle = begin + split_of(end - begin)
    if earlier <= middle:
        left = _growth(levels, earlier, begin, middle, is_whole=is_whole)
        return [*left, _root(levels, middle, end)]
    right = _growth(levels, earlier, middle, end, is_whole=False)
    return [*right, _root(levels, begin, middle)]
