"""RFC 6962 tree hashes and the keyed commitments that the leaves are made of.

An entry never holds a decision, only commitments to it. Erasing the data and its key leaves a leaf
that says nothing, while every other proof stays valid.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from typing import Any, Literal

from consent_server.ledger.canonical import canonical

#: Bytes of a commitment key. Exactly this length: HMAC pads shorter keys with zeros, so that two
#: keys of different length could open one commitment.
KEY_BYTES = 32
#: What a committed value begins with, so that no part passes for the other.
LABELS = {
    "decision": b"consent-log/v1/decision\n",
    "subject": b"consent-log/v1/subject\n",
}


def commit(
    label: Literal["decision", "subject"],
    key: bytes,
    value: Any,
    written: Callable[[Any], bytes] = canonical,
) -> bytes:
    """Return the 32-byte keyed commitment to one part of a record.

    :param key: 32 fresh random bytes, used for this commitment alone
    :param written: ``likely_canonical`` where the result is compared with a commitment; never where
        one is made
    :raises ValueError: the key has another length
    :raises NotCanonical: the value has no canonical form
    """
    if len(key) != KEY_BYTES:
        raise ValueError(f"a commitment key has {KEY_BYTES} bytes, not {len(key)}")
    return hmac.digest(key, LABELS[label] + written(value), "sha256")


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf; its prefix keeps it from passing for a node (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two hashes (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def nodes_above(hashes: bytes) -> bytes:
    """Return the hashes of the nodes above pairs of hashes, side by side like these.

    Of a last one without its pair there is none.
    """
    made = hashlib.sha256
    pairs = range(0, len(hashes) - 63, 64)
    return b"".join([made(b"\x01" + hashes[at : at + 64]).digest() for at in pairs])


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root of the tree over these leaf hashes, in log order; memory grows with log n.

    :param leaf_hashes: what :func:`leaf_hash` returned, not the entries
    :source: RFC 6962 section 2.1, Merkle tree hash
    """
    # One hash per complete subtree, largest first: the binary digits of the number of leaves.
    complete: list[bytes] = []
    for size, right in enumerate(leaf_hashes):
        while size & 1:
            right = node_hash(complete.pop(), right)
            size >>= 1
        complete.append(right)
    if not complete:
        return hashlib.sha256(b"").digest()
    above = complete.pop()
    while complete:
        above = node_hash(complete.pop(), above)
    return above
