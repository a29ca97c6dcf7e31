"""Trees for the tests, by the definition of RFC 6962 alone."""

import hashlib

from consent_server.ledger.merkle import leaf_hash
from consent_server.ledger.tiles import Edge, Tile


def leaves(count: int) -> list[bytes]:
    """Return the leaf hashes of the entries ``0``, ``1``, …"""
    return [leaf_hash(str(index).encode()) for index in range(count)]


def naive_root(hashes: list[bytes]) -> bytes:
    """The Merkle tree hash of section 2.1, over leaf hashes, word by word."""
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = split_of(len(hashes))
    left, right = naive_root(hashes[:split]), naive_root(hashes[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def naive_path(index: int, hashes: list[bytes]) -> list[bytes]:
    """The audit path of section 2.1.1, word by word."""
    if len(hashes) == 1:
        return []
    split = split_of(len(hashes))
    if index < split:
        return [*naive_path(index, hashes[:split]), naive_root(hashes[split:])]
    return [*naive_path(index - split, hashes[split:]), naive_root(hashes[:split])]


def naive_growth(earlier: int, hashes: list[bytes], is_whole: bool = True) -> list[bytes]:
    """The consistency proof of section 2.1.2, word by word."""
    if earlier == len(hashes):
        return [] if is_whole else [naive_root(hashes)]
    split = split_of(len(hashes))
    if earlier <= split:
        return [*naive_growth(earlier, hashes[:split], is_whole), naive_root(hashes[split:])]
    return [*naive_growth(earlier - split, hashes[split:], False), naive_root(hashes[:split])]


def split_of(count: int) -> int:
    """Return the largest power of two below a number."""
    split = 1
    while split * 2 < count:
        split *= 2
    return split


def stored(hashes: list[bytes], *batches: int) -> tuple[Edge, dict[Tile, bytes]]:
    """Return a tree that grew batch by batch, and every tile it gave to be stored."""
    edge, tiles, at = Edge(), {}, 0
    for size in (*batches, len(hashes)):
        tiles.update(edge.append(hashes[at:size]))
        at = size
    return edge, tiles
