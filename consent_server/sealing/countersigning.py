"""Checkpoints on their way out have the signatures of the keys at work, whoever signed them first.

So one key verifies everything that is given out. A key signs here what was signed before it came,
or on a machine that did not have it: only what is proven to be of our log, by the head that the
data directory says was promised. A row of the database and an old key together do not reach it.
"""

from consent_server.ledger.checkpoint import Checkpoint
from consent_server.ledger.note import signers
from consent_server.log.models import SignedCheckpoint
from consent_server.log.tree import last_checkpoint
from consent_server.log.witnesses import with_cosignatures
from consent_server.sealing.errors import LogInconsistent
from consent_server.sealing.growth import grow, require_prefix, signed_head
from consent_server.sealing.journal import entries_in
from consent_server.sealing.notary import Notary


def given_out(site_id: str, checkpoint: SignedCheckpoint, notary: Notary) -> str:
    """Return a stored checkpoint with the signatures of every key at work.

    :raises LogInconsistent: it is not what was signed, or not proven to be
    :raises LogKeyUnusable: the key's file is missing or damaged
    """
    name = f"checkpoint {checkpoint.size}"
    origin = checkpoint.note.partition("\n")[0]
    head = signed_head(checkpoint, notary.keys_of(origin, site_id, checkpoint.size))
    at_work = {(key.name, key.key_id) for key in notary.keys_at_work(origin)}
    signed_by = signers(checkpoint.note)
    if at_work <= signed_by:
        return checkpoint.note
    promised = notary.promised(site_id)
    if promised is None:
        raise LogInconsistent(f"{name}: nothing here says that it was promised")
    if promised.size >= head.size:
        _require_promised(site_id, head, promised, notary)
    elif at_work & signed_by:  # another machine has promised more since
        require_prefix(site_id, promised, head)
    else:
        raise LogInconsistent(f"{name}: only a retired key says that it was promised")
    return notary.countersign(checkpoint.note, head)


def _require_promised(site_id: str, head: Checkpoint, promised: Checkpoint, notary: Notary) -> None:
    """Check that a head became the one that was promised.

    A promise comes before its commit. What the database does not have yet is in the journal.
    """
    last = last_checkpoint(site_id)
    if last is None or promised.size <= last.size:
        require_prefix(site_id, head, promised)
        return
    stored = signed_head(last, notary.keys_of(promised.origin, site_id, last.size))
    places = range(stored.size, promised.size)
    found = entries_in([notary.journal(site_id)], places.start, places.stop)
    if len(found) != len(places):
        raise LogInconsistent(f"the {promised.size} entries that were promised are not here")
    if grow(site_id, stored, [found[at][0] for at in places]).head != promised:
        raise LogInconsistent(f"the tree of {promised.size} entries is not the one promised")
    require_prefix(site_id, head, stored)


def given_out_cosigned(site_id: str, checkpoint: SignedCheckpoint, notary: Notary) -> str:
    """Return the same with what the witnesses have said of it until now.

    :raises LogInconsistent: it is not what was signed, or not proven to be
    :raises LogKeyUnusable: the key's file is missing or damaged
    """
    note = given_out(site_id, checkpoint, notary)
    return with_cosignatures(site_id, checkpoint.size, note, notary.policy)
