"""A verifier of its own, by RFC 6962, RFC 8032 and the C2SP texts alone: no code of the service."""

import base64
import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


@dataclass(frozen=True)
class Head:
    """What a checkpoint says."""

    origin: str
    size: int
    root: bytes


def open_checkpoint(note: str, vkey: str) -> Head:
    """Verify the log's signature and read the checkpoint."""
    name, key_id, material = vkey.strip().split("+", 2)
    raw = base64.b64decode(material)
    assert raw[:1] == b"\x01"
    hashed = hashlib.sha256(name.encode() + b"\n" + raw).digest()
    assert hashed[:4].hex() == key_id
    text, _, signatures = note.partition("\n\n")
    signer, encoded = signatures.removeprefix("— ").rstrip("\n").split(" ")
    signature = base64.b64decode(encoded)
    assert (signer, signature[:4]) == (name, hashed[:4])
    Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], f"{text}\n".encode())
    origin, size, root = text.split("\n")
    assert origin == name
    return Head(origin, int(size), base64.b64decode(root))


def included(proof: str, vkey: str) -> tuple[int, bytes]:
    """Verify a ``tlog-proof`` file whose extra is the entry; return index and entry."""
    head, _, note = proof.partition("\n\n")
    version, extra, index, *hashes = head.split("\n")
    assert version == "c2sp.org/tlog-proof@v1"
    entry = base64.b64decode(extra.removeprefix("extra "))
    at = int(index.removeprefix("index "))
    checkpoint = open_checkpoint(note, vkey)
    path = [base64.b64decode(line) for line in hashes]
    leaf = hashlib.sha256(b"\x00" + entry).digest()
    assert root_of(leaf, at, checkpoint.size, path) == checkpoint.root
    return at, entry


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root to which a path of section 2.1.1 leads, by its recursive definition."""
    if size == 1:
        assert not path
        return leaf
    split = 1
    while split * 2 < size:
        split *= 2
    *below, beside = path
    if index < split:
        return node(root_of(leaf, index, split, below), beside)
    return node(beside, root_of(leaf, index - split, size - split, below))


def node(left: bytes, right: bytes) -> bytes:
    """Section 2.1: the hash of two."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tree_hash(leaves: list[bytes]) -> bytes:
    """Section 2.1: the hash of a list of leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node(tree_hash(leaves[:split]), tree_hash(leaves[split:]))


def unpacked(bundle: bytes) -> list[bytes]:
    """The entries of a bundle (c2sp.org/tlog-tiles)."""
    found = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        found.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    return found
