"""What the witnesses said of a site's checkpoints: kept beside them, and given out with them."""

from collections.abc import Sequence

import sqlalchemy as sa

from consent_server.db import db
from consent_server.ledger.cosignature import cosignatures, witness_key
from consent_server.ledger.note import NoteInvalid
from consent_server.ledger.policy import Policy
from consent_server.log.models import LogCosignature, SignedCheckpoint
from consent_server.log.tree import last_checkpoint

#: Checkpoints with enough cosignatures that are looked through for one with the right ones.
MOST = 100


def said_of(site_id: str, size: int) -> Sequence[LogCosignature]:
    """Return what each witness said of a checkpoint, in the order of their keys."""
    return db.session.scalars(
        sa.select(LogCosignature)
        .where(LogCosignature.site_id == site_id, LogCosignature.size == size)
        .order_by(LogCosignature.vkey)
    ).all()


def with_cosignatures(site_id: str, size: int, note: str, policy: Policy) -> str:
    """Return a checkpoint with what the witnesses of a policy said of it, as far as it is right.

    A row that is not would make the checkpoint wrong for everybody who knows that witness.
    """
    known = {witness.key.vkey for witness in policy.witnesses}
    if not known:
        return note
    said = [row for row in said_of(site_id, size) if row.vkey in known]
    return note + "".join(row.line for row in said if problem_of(row, note) is None)


def last_seen(site_id: str, vkey: str) -> LogCosignature | None:
    """Return what a witness said of the newest checkpoint that it saw."""
    return db.session.scalars(
        sa.select(LogCosignature)
        .where(LogCosignature.site_id == site_id, LogCosignature.vkey == vkey)
        .order_by(LogCosignature.size.desc())
        .limit(1)
    ).first()


def newest_that_meets(site_id: str, policy: Policy) -> SignedCheckpoint | None:
    """Return the newest checkpoint that enough witnesses of a policy have seen."""
    if policy.is_met([]):
        return last_checkpoint(site_id)
    said = LogCosignature
    query = sa.select(said.size).where(
        said.site_id == site_id, said.vkey.in_([one.key.vkey for one in policy.witnesses])
    )
    for needed in policy.needed:
        by_them = sa.select(said.size).where(said.site_id == site_id, said.vkey == needed.key.vkey)
        query = query.where(said.size.in_(by_them))
    query = query.group_by(said.size).having(sa.func.count() >= policy.fewest)
    for size in db.session.scalars(query.order_by(said.size.desc()).limit(MOST)).all():
        checkpoint = db.session.get_one(SignedCheckpoint, (site_id, size))
        note = with_cosignatures(site_id, size, checkpoint.note, policy)
        if policy.is_met(seen.witness for seen in policy.seen_by(note)):
            return checkpoint
    return None


def problem_of(said: LogCosignature, note: str) -> str | None:
    """Return what is wrong with what was kept of a witness, if anything is.

    :param note: the checkpoint that it cosigned
    """
    try:
        found = cosignatures(note + said.line, [witness_key(said.vkey)])
    except NoteInvalid as refusal:
        return str(refusal)
    same = [(said.line, said.seen_at.timestamp())]
    if [(one.line, one.seconds) for one in found] != same:
        return f"the cosignature of {said.vkey} is not the one that its row says"
    return None
