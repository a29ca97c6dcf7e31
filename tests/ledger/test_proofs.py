"""Proofs against the definitions of RFC 6962, and against whoever would forge them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_server.ledger.merkle import leaf_hash
from consent_server.ledger.proofs import ProofInvalid, Tree, verify_consistency, verify_inclusion
from consent_server.ledger.tiles import TileInvalid, tile_at
from tests.ledger.trees import leaves, naive_growth, naive_path, naive_root, stored

#: Large enough for a full tile of level 1 never, for two levels always.
MANY = leaves(1_100)
_, TILES = stored(MANY, *range(0, 1_100, 7))
sizes = st.one_of(st.integers(1, 40), st.sampled_from([255, 256, 257, 511, 512, 513, 1_099]))


def tree(size):
    """A tree of an earlier size, read from the tiles of the latest where they are longer now."""

    def read(tile):
        return next(
            TILES[longer][: tile.width * 32]
            for width in range(tile.width, 257)
            if (longer := tile_at_width(tile, width)) in TILES
        )

    return Tree(size, read)


def tile_at_width(tile, width):
    return type(tile)(tile.level, tile.index, width)


@given(sizes, st.data())
def test_an_inclusion_proof_is_the_audit_path_of_the_definition(size, data):
    index = data.draw(st.integers(0, size - 1))
    whole = tree(size)

    proof = whole.inclusion(index)

    assert proof == naive_path(index, MANY[:size])
    assert whole.root() == naive_root(MANY[:size])
    verify_inclusion(MANY[index], index, size, proof, whole.root())


@given(sizes, st.data())
def test_a_consistency_proof_is_that_of_the_definition(size, data):
    earlier = data.draw(st.integers(1, size))

    proof = tree(size).consistency(earlier)

    assert proof == naive_growth(earlier, MANY[:size])
    verify_consistency(earlier, size, proof, naive_root(MANY[:earlier]), naive_root(MANY[:size]))


@pytest.mark.parametrize("size", range(1, 20))
def test_a_proof_shows_its_own_leaf_size_and_index_alone(size):
    expected = naive_root(MANY[:size])
    for index in range(size):
        proof = naive_path(index, MANY[:size])
        forgeries = [
            (leaf_hash(b"another"), index, size, proof),
            (MANY[index], index + 1, size, proof),
            (MANY[index], index - 1, size, proof),
            (MANY[index], index, size, [*proof, bytes(32)]),
            (MANY[index], index, size, proof[:-1]) if proof else (MANY[index], 1, size, proof),
            (MANY[index], index, size, proof[::-1] if proof[::-1] != proof else [bytes(32)]),
            (MANY[index], index, size, [hashed[:-1] for hashed in proof] or [b""]),
        ]
        for leaf, at, of, path in forgeries:
            with pytest.raises(ProofInvalid):
                verify_inclusion(leaf, at, of, path, expected)


@pytest.mark.parametrize("size", range(1, 20))
def test_a_tree_that_was_rewritten_is_not_consistent(size):
    for earlier in range(1, size + 1):
        older, newer = naive_root(MANY[:earlier]), naive_root(MANY[:size])
        proof = naive_growth(earlier, MANY[:size])
        rewritten = [leaf_hash(b"rewritten"), *MANY[1:size]]
        forgeries = [
            (earlier, size, proof, leaf_hash(b""), newer),
            (earlier, size, proof, older, leaf_hash(b"")),
            (earlier, size, naive_growth(earlier, rewritten), older, naive_root(rewritten)),
            (earlier, size, [*proof, bytes(32)], older, newer),
            (earlier, earlier - 1, proof, older, newer),
        ]
        for forged in forgeries:
            with pytest.raises(ProofInvalid):
                verify_consistency(*forged)
        if proof:
            with pytest.raises(ProofInvalid):
                verify_consistency(earlier, size, proof[:-1], older, newer)


def test_every_tree_grew_from_the_empty_one_and_from_no_other_of_that_size():
    empty, whole = naive_root([]), naive_root(MANY[:9])

    verify_consistency(0, 9, [], empty, whole)
    for forged in ([0, 9, [], whole, whole], [0, 9, [whole], empty, whole]):
        with pytest.raises(ProofInvalid):
            verify_consistency(*forged)


def test_a_proof_of_one_of_ten_million_reads_few_tiles():
    size = 10_000_000
    reader = Tree(size, lambda tile: b"\1" * 32 * tile.width)

    assert len(reader.inclusion(7_654_321)) == 24
    assert reader.reads <= 12


def test_what_is_remembered_of_a_tile_is_of_its_hashes_and_not_of_its_place():
    ours, theirs = leaves(600), [leaf_hash(b"another %d" % at) for at in range(600)]

    for some in (ours, theirs, ours):
        _, tiles = stored(some, 600)
        proof = Tree(600, tiles.__getitem__).inclusion(299)

        assert proof == naive_path(299, some)


def test_what_a_tree_does_not_have_is_refused():
    with pytest.raises(IndexError):
        tree(9).inclusion(9)
    with pytest.raises(IndexError):
        tree(9).consistency(10)
    with pytest.raises(TileInvalid):
        Tree(9, lambda tile: b"short").root()
    assert tree(9).leaf(8) == MANY[8]
    assert tile_at(0, 0, 9).width == 9
