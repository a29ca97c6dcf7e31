"""Tiles: their paths, what is in them, and trees that grow at their edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent_server.ledger.merkle import root
from consent_server.ledger.tiles import (
    HASH_BYTES,
    LARGEST_ENTRY,
    Edge,
    Tile,
    TileInvalid,
    edge,
    hashes_of,
    pack,
    parse_path,
    tile_at,
    unpack,
    width_at,
)
from tests.ledger.trees import leaves, naive_root, stored


def test_the_paths_are_those_of_the_specification():
    assert Tile(0, 1234067).path == "0/x001/x234/067"
    assert Tile(0, 0).path == "0/000"
    assert Tile(2, 5, 17).path == "2/005.p/17"
    assert Tile(0, 1234067, 1).entries_path == "entries/x001/x234/067.p/1"


@given(st.integers(0, 63), st.integers(0, 2**40), st.integers(1, 256))
def test_a_path_is_read_as_the_tile_that_it_was_written_for(level, index, width):
    tile = Tile(level, index, width)

    assert parse_path(tile.path) == (tile, False)
    assert parse_path(tile.entries_path) == (Tile(0, index, width), True)


@pytest.mark.parametrize(
    "path",
    [
        *("", "0", "0/", "0/0", "0/00", "0/0000", "0/x000/001", "00/000", "64/000", "-1/000"),
        *("0/000.p/0", "0/000.p/256", "0/000.p/01", "0/000.p/", "0/001/000", "0/x001/x000"),
        *("0/000/", "/0/000", "entries/", "0/٠٠٠", "0/000\n", "0/1e3", "entries/x000/000"),
    ],
)
def test_another_spelling_is_no_path(path):
    with pytest.raises(TileInvalid):
        parse_path(path)


def test_a_tree_of_70_000_has_the_tiles_that_the_specification_counts():
    assert list(edge(70_000)) == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(edge(256)) == [Tile(1, 0, 1)]
    assert list(edge(0)) == []
    assert tile_at(0, 272, 70_000).width == tile_at(1, 0, 70_000).width == 256
    assert width_at(0, 274, 70_000) == width_at(3, 0, 70_000) == 0
    with pytest.raises(TileInvalid):
        tile_at(0, 274, 70_000)


@given(st.lists(st.integers(0, 900), max_size=6))
def test_a_tree_that_grows_in_batches_has_the_root_of_the_definition(cuts):
    hashes = leaves(900)

    grown, tiles = stored(hashes, *sorted(cuts))

    assert grown.size == 900
    assert grown.root() == naive_root(hashes)
    for tile, data in tiles.items():
        step = 256**tile.level
        begin = tile.index * 256 * step
        expected = [
            naive_root(hashes[at : at + step])
            for at in range(begin, begin + tile.width * step, step)
        ]
        assert hashes_of(data) == expected


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 512, 700])
def test_a_tree_grows_on_from_its_stored_edge(size):
    hashes = leaves(900)
    _, tiles = stored(hashes[:size])

    again = Edge(size, [(tile, tiles[tile]) for tile in edge(size)])

    assert again.root() == naive_root(hashes[:size])
    again.append(hashes[size:])
    assert again.root() == naive_root(hashes)


def test_an_edge_of_other_tiles_is_refused():
    _, tiles = stored(leaves(300))
    at_edge = [(tile, tiles[tile]) for tile in edge(300)]

    for wrong in ([], at_edge[:1], [*at_edge, (Tile(2, 0, 1), b"\0" * 32)]):
        with pytest.raises(TileInvalid):
            Edge(300, wrong)
    with pytest.raises(TileInvalid):
        Edge(300, [(tile, data + b"\0" * HASH_BYTES) for tile, data in at_edge])


def test_only_tiles_that_changed_are_given_to_be_stored():
    hashes = leaves(600)
    grown, _ = stored(hashes[:513])

    assert [tile for tile, _ in grown.append(hashes[513:514])] == [Tile(0, 2, 2)]
    assert grown.append([]) == []


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entries_are_unpacked_as_they_were_packed(entries):
    assert unpack(pack(entries)) == entries


def test_an_entry_bundle_that_is_cut_is_refused():
    data = pack([b"one", b"two" * 100])

    for end in set(range(len(data))) - {0, 5}:
        with pytest.raises(TileInvalid):
            unpack(data[:end])


def test_an_entry_that_is_too_long_is_refused():
    assert unpack(pack([b"x" * LARGEST_ENTRY])) == [b"x" * LARGEST_ENTRY]
    with pytest.raises(ValueError, match="at most 65535 bytes"):
        pack([b"x" * (LARGEST_ENTRY + 1)])


def test_the_root_of_a_full_tile_is_the_hash_above_it():
    hashes = leaves(256)
    _, tiles = stored(hashes)

    assert tiles[Tile(1, 0, 1)] == root(hashes)
