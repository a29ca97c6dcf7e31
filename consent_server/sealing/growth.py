"""A tree and what is to be added to it: computed, and proven to continue what was signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from consent_server.errors import ConsentError
from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.merkle import leaf_hash, root
from consent_server.ledger.note import NoteKey
from consent_server.ledger.proofs import ProofInvalid, Tree, verify_consistency
from consent_server.ledger.tiles import Tile
from consent_server.log.models import SignedCheckpoint
from consent_server.log.tree import stored_edge, stored_tree, tile_hashes
from consent_server.sealing.errors import LogInconsistent, LogRestored


@dataclass(frozen=True)
class Growth:
    """What a batch makes of a tree."""

    head: Checkpoint
    #: Every tile that is new or longer.
    tiles: list[tuple[Tile, bytes]]


def signed_head(last: SignedCheckpoint, keys: Sequence[NoteKey]) -> Checkpoint:
    """Return the head of a stored checkpoint after checking that we signed exactly that.

    :param keys: of which one at least signed it
    :raises LogInconsistent: its signature is not ours, or its columns say something else
    """
    try:
        head = Checkpoint.open(last.note, keys)
    except ConsentError as refusal:
        raise LogInconsistent(f"checkpoint {last.size}: {refusal}") from None
    if (head.size, head.root) != (last.size, last.root):
        raise LogInconsistent(f"checkpoint {last.size}: its note is another checkpoint's")
    return head


def require_promise_kept(
    site_id: str, promised: Checkpoint | None, head: Checkpoint, waiting: Sequence[bytes]
) -> None:
    """Check that the database continues the last head that was promised outside of it.

    :param waiting: the batch whose order is settled
    :raises LogRestored: it holds less, and that batch does not make it good
    :raises LogInconsistent: it holds something else
    """
    if promised is None:
        return
    if promised.size <= head.size:
        _require_grown(stored_tree(site_id, head.size), promised, head)
    elif promised.size != head.size + len(waiting) or grow(site_id, head, waiting).head != promised:
        raise LogRestored(head.size, promised.size)


def require_prefix(site_id: str, earlier: Checkpoint, head: Checkpoint) -> None:
    """Check that a tree became the one that was signed last.

    :raises LogInconsistent: it did not, or is another log's
    """
    if earlier.origin != head.origin:
        raise LogInconsistent(f"checkpoint {earlier.size}: is another log's")
    _require_grown(stored_tree(site_id, head.size), earlier, head)


def grow(site_id: str, head: Checkpoint, entries: Sequence[bytes]) -> Growth:
    """Return what the tree is with more entries; nothing is written.

    :param head: what was signed last; of size 0 before anything was
    :raises LogInconsistent: the stored tiles are not those of the tree that was signed
    """
    try:
        edge = stored_edge(site_id, head.size)
        if edge.root() != head.root:
            raise LogInconsistent(f"the stored tree of {head.size} entries is not the signed one")
        tiles = edge.append(map(leaf_hash, entries))
    except ConsentError as refusal:
        raise LogInconsistent(str(refusal)) from None
    growth = Growth(Checkpoint(head.origin, edge.size, edge.root()), tiles)
    require_continued(site_id, head, growth)
    return growth


def require_continued(site_id: str, earlier: Checkpoint, growth: Growth) -> None:
    """Check that what a batch makes of a tree continues a head that was signed earlier.

    :raises LogInconsistent: it does not, or that is another log's
    """
    if earlier.origin != growth.head.origin:
        raise LogInconsistent(f"checkpoint {earlier.size}: is another log's")
    made, stored = dict(growth.tiles), partial(tile_hashes, site_id)
    tree = Tree(growth.head.size, lambda tile: made.get(tile) or stored(tile))
    _require_grown(tree, earlier, growth.head)


def empty_head(origin: str) -> Checkpoint:
    """Return the head of a log that holds nothing yet."""
    return Checkpoint(origin, 0, root([]))


def _require_grown(tree: Tree, earlier: Checkpoint, head: Checkpoint) -> None:
    try:
        proof = tree.consistency(earlier.size)
        verify_consistency(earlier.size, head.size, proof, earlier.root, head.root)
    except (ProofInvalid, IndexError, ConsentError) as refusal:
        problem = f"the tree of {head.size} entries did not grow from the {earlier.size} signed"
        raise LogInconsistent(f"{problem}: {refusal}") from None
