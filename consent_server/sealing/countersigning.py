"""Checkpoints on their way out have the signatures of the keys at work, whoever signed them first.

So one key verifies everything that is given out. A key signs here what was signed before it came,
or on a machine that did not have it: only what is proven to be of our log, by the head that the
data directory says was promised. A row of the database and an old key together do not reach it.
"""

from consent_server.ledger.note import signers
from consent_server.log.models import SignedCheckpoint
from consent_server.log.witnesses import with_cosignatures
from consent_server.sealing.errors import LogInconsistent
from consent_server.sealing.growth import require_prefix, signed_head
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
        require_prefix(site_id, head, promised)
    elif at_work & signed_by:  # another machine has promised more since
        require_prefix(site_id, promised, head)
    else:
        raise LogInconsistent(f"{name}: only a retired key says that it was promised")
    return notary.countersign(checkpoint.note, head)


def given_out_cosigned(site_id: str, checkpoint: SignedCheckpoint, notary: Notary) -> str:
    """Return the same with what the witnesses have said of it until now.

    :raises LogInconsistent: it is not what was signed, or not proven to be
    :raises LogKeyUnusable: the key's file is missing or damaged
    """
    note = given_out(site_id, checkpoint, notary)
    return with_cosignatures(site_id, checkpoint.size, note, notary.policy)
