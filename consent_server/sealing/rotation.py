"""One key of the logs takes over from another, and no signature of either is in doubt.

1. :func:`rotate` makes a key. The one before signs that it hands over, and both sign every head.
2. Each log gets an entry that names the new key, below a checkpoint that both signed.
3. When whoever verifies has the new key, :func:`retire` destroys the private half of the old one.
   What that signs beyond the size that each log then had is not ours.

A crash between them is made good when the log is sealed next: by what waits, or by ``log seal``.
"""

from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa

from consent_server.columns import is_id
from consent_server.db import db, writing
from consent_server.errors import RowUnreadable
from consent_server.ledger.entries import encode
from consent_server.ledger.note import NoteInvalid, NoteKey, signers
from consent_server.log.models import Alarm, LogEntry, SignedCheckpoint
from consent_server.log.queue import queue_artifact, waiting_in_clear
from consent_server.log.tree import artifacts_of, last_checkpoint
from consent_server.sealing.errors import LogInconsistent, LogKeyNeeded
from consent_server.sealing.findings import rows_readable
from consent_server.sealing.growth import signed_head
from consent_server.sealing.keyfile import LogKeys
from consent_server.sealing.lease import require_lease
from consent_server.sealing.notary import Notary


def declare_key(site_id: str, notary: Notary, holder: str, now: datetime) -> None:
    """Queue the entry that names the newest key, unless the log has it or began with that key.

    :param holder: of the lease
    :param now: aware, UTC
    :raises LeaseLost: another process took over
    :raises LogInconsistent: no key of ours signed the last checkpoint
    :raises LogKeyUnusable: the key's file is missing or damaged
    """
    last = last_checkpoint(site_id)
    if last is None or is_key_declared(site_id, notary):
        return
    # What no key of ours signed ends here, and the log with it.
    signed_head(last, notary.keys_of(last.note.partition("\n")[0], site_id, last.size))
    with writing():
        require_lease(site_id, holder)
        if not is_key_declared(site_id, notary):
            queue_artifact(site_id, notary.key_artifact(site_id), now)
        db.session.commit()


def is_key_declared(site_id: str, notary: Notary) -> bool:
    """Whether a log began with the newest key, or has its entry, or will have it.

    :raises LogKeyUnusable: the key's file is missing or damaged
    """
    first = db.session.scalars(
        sa.select(SignedCheckpoint)
        .where(SignedCheckpoint.site_id == site_id)
        .order_by(SignedCheckpoint.size)
        .limit(1)
    ).first()
    if first is None or _is_signed_by(first, _newest(first, notary)):
        return True
    try:
        entry = encode(notary.key_artifact(site_id))
    except LookupError:  # the first key of all
        return True
    return entry in waiting_in_clear(site_id) or _has(site_id, entry)


def logs_without_newest_key(notary: Notary) -> list[str]:
    """Return the sites whose log has not been handed over to the newest key yet."""
    known = is_id(SignedCheckpoint.site_id, db.engine.dialect.name)
    signed = sa.select(SignedCheckpoint.site_id).where(known).distinct()
    site_ids = db.session.scalars(signed.order_by(SignedCheckpoint.site_id)).all()
    return [site_id for site_id in site_ids if not _is_handed_over(site_id, notary)]


def rotate(notary: Notary, now: datetime) -> LogKeys:
    """Put a new key to work; the caller seals the logs, which puts the key into each of them.

    :param now: aware, UTC
    :raises LogKeyNeeded: logs wait for the key of an earlier rotation
    :raises LogKeyUnusable: nothing was signed yet, or the file is damaged
    :source: R073; NIST SP 800-57 part 1, 5.3 (cryptoperiods)
    """
    _require_handed_over(notary)
    return notary.rotate(now)


def retire(notary: Notary) -> LogKeys:
    """Let the newest key sign alone from now on; the old ones verify what they signed.

    :raises LogKeyNeeded: a log that can be signed has not been handed over
    :raises LogKeyUnusable: the file is missing or damaged
    """
    _require_handed_over(notary)
    site_ids = db.session.scalars(sa.select(SignedCheckpoint.site_id).distinct()).all()
    sizes = {site_id: _size_of_all_keys(site_id, notary) for site_id in site_ids}
    db.session.rollback()
    return notary.retire(sizes)


def _size_of_all_keys(site_id: str, notary: Notary) -> int:
    """Return up to where a log can be signed by keys that now retire.

    What the data directory says counts: a row may be of whoever has the old key. Not so one that
    the newest key signed, of another machine maybe, which signed what came before with its own.
    """
    last, promise = last_checkpoint(site_id), notary.promised(site_id)
    size = last.size if last is not None else 0
    if promise is None:
        return size
    if last is not None and size > promise.size:
        with suppress(LogInconsistent):
            return signed_head(last, [_newest(last, notary)]).size
    return promise.size


def _require_handed_over(notary: Notary) -> None:
    """Check that the old key is not needed; a log that cannot be signed keeps no other waiting.

    It has its old checkpoint still, and goes on with the newest key when its alarm is over.

    :raises RowUnreadable: it cannot be read of which log a checkpoint is
    """
    unread = sa.not_(is_id(SignedCheckpoint.site_id, db.engine.dialect.name))
    if db.session.scalar(sa.select(SignedCheckpoint.size).where(unread).limit(1)) is not None:
        raise RowUnreadable
    alarmed = set(db.session.scalars(sa.select(Alarm.site_id)))
    lacking = [name for name in logs_without_newest_key(notary) if name not in alarmed]
    db.session.rollback()
    if lacking:
        raise LogKeyNeeded(lacking)


def _is_handed_over(site_id: str, notary: Notary) -> bool:
    try:
        with rows_readable():
            last = last_checkpoint(site_id)
            is_signed = last is None or _is_signed_by(last, _newest(last, notary))
            return is_signed and is_key_declared(site_id, notary)
    except LogInconsistent:  # whoever seals it says so, and this keeps no other log waiting
        db.session.rollback()
        return False


def _has(site_id: str, entry: bytes) -> bool:
    query = sa.select(LogEntry.leaf_index).where(*artifacts_of(site_id), LogEntry.entry == entry)
    return db.session.scalar(query.limit(1)) is not None


def _newest(checkpoint: SignedCheckpoint, notary: Notary) -> NoteKey:
    return notary.key(checkpoint.note.partition("\n")[0], may_create=False)


def _is_signed_by(checkpoint: SignedCheckpoint, key: NoteKey) -> bool:
    try:
        return (key.name, key.key_id) in signers(checkpoint.note)
    except NoteInvalid:
        return False
